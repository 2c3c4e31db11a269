using System.Threading.RateLimiting;
using Crescent.Silo.Admission;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Silo.Admission;

public sealed class QuotaBucketTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void It_lets_in_what_it_holds_and_fills_evenly()
    {
        using var bucket = Bucket(60);
        Assert.All(Enumerable.Range(0, 60), _ => Assert.True(bucket.AttemptAcquire(1).IsAcquired));
        using var refused = bucket.AttemptAcquire(1);
        Assert.False(refused.IsAcquired);
        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var wait));
        Assert.Equal(1, wait.TotalSeconds, 6);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(bucket.AttemptAcquire(1).IsAcquired);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(bucket.AttemptAcquire(1).IsAcquired);
        Assert.False(bucket.AttemptAcquire(1).IsAcquired);
    }

    [Fact]
    public void What_was_overdrawn_flows_back_before_anything_is_let_in()
    {
        using var bucket = Bucket(100);
        bucket.Charge(250);
        Assert.Equal(-150, bucket.State().Level, 6);
        Assert.Equal(150, bucket.State().Reset.TotalSeconds, 6); // 250 at 100 a minute
        using var refused = bucket.AttemptAcquire(0);
        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var wait));

        // Until there is one again.
        Assert.Equal(151.0 / 100 * 60, wait.TotalSeconds, 6);
        _time.Advance(TimeSpan.FromSeconds(89));
        Assert.False(bucket.AttemptAcquire(0).IsAcquired);
        _time.Advance(wait - TimeSpan.FromSeconds(89));
        Assert.True(bucket.AttemptAcquire(0).IsAcquired);
    }

    [Fact]
    public void It_never_holds_more_than_its_limit_and_is_idle_once_full()
    {
        using var bucket = Bucket(10);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(10, bucket.State().Level, 6);
        Assert.True(bucket.IdleDuration > TimeSpan.Zero);
        bucket.Charge(5);
        Assert.Null(bucket.IdleDuration);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(TimeSpan.Zero, bucket.IdleDuration);
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(7, bucket.IdleDuration!.Value.TotalSeconds, 6);
    }

    [Theory]
    [InlineData(0.0201, "21ms")]
    [InlineData(0, "0ms")]
    [InlineData(1.5, "1.5s")]
    [InlineData(360, "6m0s")]
    [InlineData(3723, "1h2m3s")]
    public void Times_are_written_as_OpenAI_does(double seconds, string text) => Assert.Equal(text, RateHeaders.Duration(TimeSpan.FromSeconds(seconds)));

    private QuotaBucket Bucket(double limit) => new(limit, TimeSpan.FromMinutes(1), _time);
}
