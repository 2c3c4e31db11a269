using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Streams;

public sealed class WakeUpTests
{
    private readonly WakeUp _news = new();

    [Fact]
    public void What_is_told_before_anybody_waits_is_kept_and_counts_once()
    {
        _news.Tell();
        _news.Tell();
        Assert.True(_news.Wait().AsTask().IsCompletedSuccessfully);
        Assert.False(_news.Wait().AsTask().IsCompleted);
    }

    [Fact]
    public async Task What_is_told_after_a_waiter_was_woken_and_before_it_reads_is_in_what_it_reads()
    {
        var first = _news.Wait();
        _news.Tell();
        _news.Tell();
        await first;
        var second = _news.Wait();
        Assert.False(second.IsCompleted);
        _news.Tell();
        await second;
    }

    [Fact]
    public async Task No_news_is_lost_between_threads()
    {
        var (told, read) = (0, 0);
        var teller = Task.Run(() =>
        {
            for (var i = 1; i <= 100_000; i++)
            {
                Volatile.Write(ref told, i);
                _news.Tell();
            }
        }, TestContext.Current.CancellationToken);
        while (read < 100_000)
        {
            await _news.Wait().AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            read = Volatile.Read(ref told);
        }

        await teller;
    }

    [Fact]
    public void Waiting_allocates_nothing()
    {
        // The runtime allocates on whichever thread is there when it compiles a method once more.
        var least = Enumerable.Range(0, 5).Min(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Round(1000);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.Equal(0, least);

        void Round(int times)
        {
            for (var i = 0; i < times; i++)
            {
#pragma warning disable CA2012 // A task of it would be what is not to be allocated.
                var waiting = _news.Wait().GetAwaiter();
                _news.Tell();
                while (!waiting.IsCompleted)
                {
                    Thread.Yield();
                }

                waiting.GetResult();
#pragma warning restore CA2012
            }
        }
    }
}
