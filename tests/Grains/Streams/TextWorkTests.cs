using Crescent.Engine.Scheduling;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Streams;

/// <summary>Where texts become tokens.</summary>
public sealed class TextWorkTests : IDisposable
{
    private readonly TextWork _texts = new(maxWaiting: 1);
    private readonly ManualResetEventSlim _go = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _go.Set();
        _go.Dispose();
        _texts.Dispose();
    }

    [Fact]
    public async Task A_long_text_takes_no_thread_of_the_pool_and_a_short_one_none_but_its_own()
    {
        Assert.False(await _texts.Do(TextWork.LongBytes, static () => Thread.CurrentThread.IsThreadPoolThread, Stop));
        Assert.True(_texts.Do(TextWork.LongBytes - 1, static () => 1, Stop).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Long_texts_take_turns_and_short_ones_do_not_wait_for_them()
    {
        var first = Block();
        var second = _texts.Do(TextWork.LongBytes, static () => 2, Stop).AsTask();
        Assert.Equal(3, await _texts.Do(5, static () => 3, Stop));
        Assert.False(second.IsCompleted);
        _go.Set();
        Assert.Equal((1, 2), (await first, await second));
    }

    [Fact]
    public async Task Who_leaves_waits_no_longer_and_makes_room()
    {
        var first = Block();
        using var left = new CancellationTokenSource();
        var second = _texts.Do(TextWork.LongBytes, static () => 2, left.Token).AsTask();
        var refused = await Assert.ThrowsAsync<RequestRefusedException>(async () => await _texts.Do(TextWork.LongBytes, static () => 3, Stop));
        Assert.Equal(RefusalReason.Overloaded, refused.Reason);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        var third = _texts.Do(TextWork.LongBytes, static () => 3, Stop).AsTask();
        _go.Set();
        Assert.Equal((1, 3), (await first, await third));
    }

    [Fact]
    public async Task What_the_work_throws_is_thrown_and_the_next_has_its_turn()
    {
        await Assert.ThrowsAsync<FormatException>(async () => await _texts.Do<int>(TextWork.LongBytes, static () => throw new FormatException(), Stop));
        Assert.Equal(1, await _texts.Do(TextWork.LongBytes, static () => 1, Stop));
    }

    private Task<int> Block() => _texts.Do(
        TextWork.LongBytes,
        () =>
        {
            _go.Wait(TimeSpan.FromSeconds(60));
            return 1;
        },
        Stop).AsTask();
}
