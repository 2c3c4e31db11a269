using Crescent.Client.Connections;

namespace Crescent.Tests.Client.Connections;

public sealed class DeadlinesTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Items_pass_in_order()
    {
        var items = await Deadlines.EachWithin(_ => Items(1, 2, 3), Long, Cancel).ToArrayAsync(Cancel);
        Assert.Equal([1, 2, 3], items);
    }

    [Fact]
    public async Task A_source_that_ignores_its_token_still_misses_the_deadline()
    {
        var never = new TaskCompletionSource();
        var stream = Deadlines.EachWithin(_ => After(never.Task), Short, Cancel);
        await Assert.ThrowsAsync<TimeoutException>(() => stream.ToArrayAsync(Cancel).AsTask()).WaitAsync(Long, Cancel);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_and_the_source()
    {
        using var source = new CancellationTokenSource();
        var stopped = new TaskCompletionSource();
        var stream = Deadlines.EachWithin(
            stop =>
            {
                stop.Register(stopped.SetResult);
                return After(Task.Delay(Timeout.Infinite, stop));
            },
            Long,
            source.Token);
        var reading = stream.ToArrayAsync(Cancel).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading).WaitAsync(Long, Cancel);
        await stopped.Task.WaitAsync(Long, Cancel);
    }

    [Fact]
    public async Task Leaving_early_stops_the_source()
    {
        var stopped = new TaskCompletionSource();
        await foreach (var _ in Deadlines.EachWithin(
            stop =>
            {
                stop.Register(stopped.SetResult);
                return Items(1, 2);
            },
            Long,
            Cancel))
        {
            break;
        }

        await stopped.Task.WaitAsync(Long, Cancel);
    }

    [Fact]
    public async Task Work_that_ignores_its_token_still_misses_the_deadline()
    {
        var never = new TaskCompletionSource<int>();
        await Assert.ThrowsAsync<TimeoutException>(() => Deadlines.Within(_ => never.Task, Short, Cancel));
        Assert.Equal(3, await Deadlines.Within(_ => Task.FromResult(3), Long, Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async IAsyncEnumerable<int> Items(params int[] items)
    {
        foreach (var item in items)
        {
            await Task.Yield();
            yield return item;
        }
    }

    private static async IAsyncEnumerable<int> After(Task task)
    {
        await task;
        yield return 1;
    }
}
