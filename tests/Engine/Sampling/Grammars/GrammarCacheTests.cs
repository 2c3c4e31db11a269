using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class GrammarCacheTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Equal_sources_share_one_grammar()
    {
        var cache = new GrammarCache(GrammarWalk.Tiny);
        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cache.UseAsync(GrammarSource.Regex("a+"), Stop)));
        Assert.All(leases, lease => Assert.Same(leases[0].Grammar, lease.Grammar));
        Assert.Equal((1, 1L), (cache.Count, cache.Compilations));
        using var other = await cache.UseAsync(GrammarSource.Regex("a+") with { After = "." }, Stop);
        Assert.NotSame(leases[0].Grammar, other.Grammar);
    }

    [Fact]
    public async Task The_longest_unused_goes_first_when_the_bytes_are_used_up()
    {
        var bytes = GrammarWalk.Compile(Large('a')).Bytes;
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { MaxBytes = bytes, CacheBytes = bytes * 5 / 2 });
        var a = await Unused(cache, Large('a'));
        var b = await Unused(cache, Large('b'));
        Assert.Same(a, await Unused(cache, Large('a')));
        await Unused(cache, Large('c'));
        Assert.Equal((2, 2 * bytes), (cache.Count, cache.Bytes));
        Assert.Same(a, await Unused(cache, Large('a')));
        Assert.NotSame(b, await Unused(cache, Large('b')));
    }

    [Fact]
    public async Task A_thousand_large_grammars_take_no_more_than_the_limit()
    {
        // Each is as large as a request of 33 bytes can make one that is not refused.
        var limits = new GrammarLimits { MaxStates = 20_000 };
        var cache = new GrammarCache(GrammarWalk.Tiny, limits with { CacheBytes = limits.MaxBytes });
        for (var i = 0; i < 1000; i++)
        {
            await Unused(cache, GrammarSource.Regex($"([a-z]{{990}}{(char)(0x4E00 + i)}){{19}}"));
            Assert.InRange(cache.Bytes, 1, limits.MaxBytes);
        }

        Assert.Equal((1000L, 0L), (cache.Compilations, cache.UsedBytes));
    }

    [Fact]
    public async Task While_grammars_in_use_take_all_room_the_next_waits_for_one_to_be_given_back()
    {
        var bytes = GrammarWalk.Compile(Large('a')).Bytes;
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { MaxBytes = bytes, CacheBytes = bytes * 3 / 2 });
        var a = await cache.UseAsync(Large('a'), Stop);
        using var b = await cache.UseAsync(Large('b'), Stop);
        var c = cache.UseAsync(Large('c'), Stop);
        using var again = await cache.UseAsync(Large('b'), Stop);
        Assert.False(c.IsCompleted);
        Assert.Equal((2L, 2 * bytes), (cache.Compilations, cache.UsedBytes));
        a.Dispose();
        a.Dispose();
        using var waited = await c;
        Assert.Equal((3L, 2 * bytes), (cache.Compilations, cache.UsedBytes));
    }

    [Fact]
    public async Task What_nobody_waits_for_any_more_waits_no_longer_to_be_compiled()
    {
        var bytes = GrammarWalk.Compile(Large('a')).Bytes;
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { MaxBytes = bytes, CacheBytes = bytes });
        var a = await cache.UseAsync(Large('a'), Stop);
        using var patient = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var waits = cache.UseAsync(GrammarSource.Regex("patient"), patient.Token);
        for (var i = 0; i < 100; i++)
        {
            using var gone = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var use = cache.UseAsync(GrammarSource.Regex($"gone{i}"), gone.Token);
            Assert.Equal(2, cache.UncompiledCount);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => use);
            Assert.Equal(1, cache.UncompiledCount);
        }

        a.Dispose();
        using var compiled = await waits;
        Assert.Equal((0, 2L), (cache.UncompiledCount, cache.Compilations));
    }

    [Fact]
    public async Task A_source_that_cannot_be_compiled_fails_each_time()
    {
        var cache = new GrammarCache(GrammarWalk.Tiny);
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<GrammarException>(() => cache.UseAsync(GrammarSource.Regex("("), Stop));
        }

        Assert.Equal((0, 2L), (cache.Count, cache.Compilations));
    }

    [Fact]
    public async Task Compiling_stops_when_nobody_waits_for_it_any_more()
    {
        using var time = new StoppingTime();
        var cache = new GrammarCache(GrammarWalk.Tiny, time: time);
        using var first = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var second = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<GrammarLease>[] uses = [cache.UseAsync(Large('a'), first.Token), cache.UseAsync(Large('a'), second.Token)];
        await time.Reached.WaitAsync(Stop);
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => uses[0]);
        Assert.False(uses[1].IsCompleted);
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => uses[1]);
        var looks = time.Looks;
        time.Go();

        // The next compilation begins only when that one is over.
        await Unused(cache, GrammarSource.Regex("b"));
        Assert.InRange(time.Looks - looks, 0, 2);
        Assert.Equal((1, 0L), (cache.Count, cache.UsedBytes));
    }

    [Fact]
    public async Task What_takes_too_long_to_compile_is_refused_with_the_limit_that_it_met()
    {
        using var time = new StoppingTime();
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { CompileTime = TimeSpan.FromSeconds(3) }, time);
        var use = cache.UseAsync(Large('a'), Stop);
        await time.Reached.WaitAsync(Stop);
        time.Now += TimeSpan.FromSeconds(4);
        time.Go();
        var fault = await Assert.ThrowsAsync<GrammarException>(() => use);
        Assert.True(fault.IsLimit);
        Assert.Contains("not compiled within 3 s", fault.Message, StringComparison.Ordinal);
    }

    private static GrammarSource Large(char letter) => GrammarSource.Regex($"{letter}[a-z]{{9000}}");

    private static async Task<Grammar> Unused(GrammarCache cache, GrammarSource source)
    {
        using var lease = await cache.UseAsync(source, Stop);
        return lease.Grammar;
    }

    /// <summary>Stops the second to look at the clock, which is a compilation in progress, until told to go on.</summary>
    private sealed class StoppingTime : TimeProvider, IDisposable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _go = new();
        private int _looks;

        public Task Reached => _reached.Task;

        public int Looks => _looks;

        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Go() => _go.Set();

        public override long GetTimestamp()
        {
            if (Interlocked.Increment(ref _looks) == 2)
            {
                _reached.SetResult();
                _go.Wait(TimeSpan.FromSeconds(60));
            }

            return Now.Ticks;
        }

        public void Dispose()
        {
            _go.Set();
            _go.Dispose();
        }
    }
}
