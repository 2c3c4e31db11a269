using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Streams;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Grains.Frames;

/// <summary>What a stream took when it needed several devices.</summary>
public sealed class StreamUsageTests
{
    private static readonly SiloAddress Silo = SiloAddress.New(System.Net.IPAddress.Loopback, 1, 1);

    private readonly ManualTime _time = new();
    private readonly TokenStream _stream;

    public StreamUsageTests() => _stream = new(StreamTicket.NewStream(), maxTokens: 8, _time);

    [Fact]
    public void Attempts_that_tell_are_summed()
    {
        var first = Begin("a");
        _stream.Give(first, Records.Output(0, 10), Records.Output(1, -1, "", FinishReason.Error, "it failed"));
        var second = Begin("b");
        _stream.Give(second, Records.Output(1, 11, "", FinishReason.Stop));
        var total = _stream.Usage;
        Assert.Equal((2, 11, 0), (total.Attempts, total.Joules, total.EstimatedJoules));
        Assert.Equal((2, 4, 6), (total.Queue.TotalSeconds, total.Prefill.TotalSeconds, total.Decode.TotalSeconds));

        // The second finds the first one's tokens in the cache too.
        Assert.Equal(1, total.CachedTokens);
    }

    [Fact]
    public void An_attempt_that_left_before_it_began_tells_nothing_of_the_cache()
    {
        var first = Begin("a");
        _stream.LoseAttempt(first, "it waited");
        Assert.False(_stream.Give(first, Records.Output(0, -1, "", FinishReason.Cancelled, usage: Records.Usage with { OutputTokens = 0, CachedTokens = 0, PrefillTime = TimeSpan.Zero })));
        var second = Begin("b");
        _stream.Give(second, Records.Output(0, 10, "", FinishReason.Stop));
        Assert.Equal(1, _stream.Usage.CachedTokens);
    }

    [Fact]
    public void An_attempt_that_died_counts_with_what_was_seen_and_an_estimate()
    {
        var first = Begin("a");
        _time.Advance(TimeSpan.FromSeconds(5));
        _stream.Give(first, Records.Output(0, 10));
        _time.Advance(TimeSpan.FromSeconds(7));
        _stream.Give(first, Records.Output(1, 11));
        _stream.LoseAttempt(first, "its silo has left");
        var second = Begin("b");
        _stream.Give(second, Records.Output(2, 12, "", FinishReason.Stop));
        var total = _stream.Usage;

        // The one that told took 5.5 J for 4 tokens.
        Assert.Equal(5.5 / 4 * 2, total.EstimatedJoules, 1e-12);
        Assert.Equal(5.5 + (5.5 / 4 * 2), total.Joules, 1e-12);
        Assert.Equal((2, 1, 2 + 5, 3 + 7), (total.Attempts, total.Queue.TotalSeconds, total.Prefill.TotalSeconds, total.Decode.TotalSeconds));
    }

    [Fact]
    public void A_device_that_tells_after_it_was_given_up_replaces_the_estimate()
    {
        var first = Begin("a");
        _stream.Give(first, Records.Output(0, 10));
        _stream.LoseAttempt(first, "it was silent");
        var second = Begin("b");
        Assert.False(_stream.Give(first, Records.Output(1, -1, "", FinishReason.Cancelled)));
        _stream.Give(second, Records.Output(1, 11, "", FinishReason.Stop));
        Assert.Equal((11, 0), (_stream.Usage.Joules, _stream.Usage.EstimatedJoules));
        Assert.Equal([10, 11], _stream.Read().Tokens);
    }

    [Fact]
    public void An_attempt_that_no_device_took_is_none()
    {
        _stream.BeginAttempt();
        var second = Begin("b");
        _stream.Give(second, Records.Output(0, 10, "", FinishReason.Stop));
        Assert.Equal((1, 5.5), (_stream.Usage.Attempts, _stream.Usage.Joules));
    }

    [Theory]
    [InlineData("model", true)]
    [InlineData("rapl", false)]
    [InlineData("nvml", false)]
    public void The_source_of_the_joules_crosses_the_wire(string source, bool simulated)
    {
        var ticket = Begin("a");
        var output = new SequenceOutput(
            new InferenceRequest { Id = 1, Prompt = [1], MaxTokens = 1 }, 0, 10, "", FinishReason.Stop, Records.Usage with { EnergySource = source, Simulated = simulated }, null);
        _stream.Give(ticket, output);
        Assert.Equal([source], _stream.Usage.Sources);
        Assert.Equal(simulated, _stream.Usage.Simulated);
        Assert.Equal(5.5, _stream.Usage.Joules);
    }

    private StreamTicket Begin(string device)
    {
        var ticket = _stream.BeginAttempt().Ticket;
        if (device.Length > 0)
        {
            _stream.Assign(ticket, device, Silo);
        }

        return ticket;
    }
}
