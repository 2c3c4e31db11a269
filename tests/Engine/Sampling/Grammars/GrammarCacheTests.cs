using Crescent.Engine.Sampling.Grammars;
using Crescent.Tests.Engine.Scheduling;

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
    public async Task Hundreds_of_large_grammars_take_no_more_than_the_limit()
    {
        const long Grammars = 300;

        // Each is as large as one may be, as a request of a few bytes can make it.
        var limits = new GrammarLimits { MaxStates = 4000, MaxBytes = GrammarLimits.DefaultMaxBytes / 5 };
        var cache = new GrammarCache(GrammarWalk.Tiny, limits with { CacheBytes = limits.MaxBytes });
        for (var i = 0; i < Grammars; i++)
        {
            await Unused(cache, GrammarSource.Regex($"([a-z]{{190}}{(char)(0x4E00 + i)}){{19}}"));
            Assert.InRange(cache.Bytes, 1, limits.MaxBytes);
        }

        Assert.Equal((Grammars, 0L), (cache.Compilations, cache.UsedBytes));
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
    public async Task Why_a_source_cannot_be_compiled_is_kept_for_a_minute()
    {
        var time = new ManualTime();
        var cache = new GrammarCache(GrammarWalk.Tiny, time: time);
        for (var compilations = 1L; compilations <= 2; compilations++)
        {
            var first = await Assert.ThrowsAsync<GrammarException>(() => cache.UseAsync(GrammarSource.Regex("("), Stop));
            time.Advance(GrammarFailures.KeptFor - TimeSpan.FromSeconds(1));
            var second = await Assert.ThrowsAsync<GrammarException>(() => cache.UseAsync(GrammarSource.Regex("("), Stop));
            Assert.Equal(first.Message, second.Message);
            Assert.Equal((0, compilations), (cache.Count, cache.Compilations));
            time.Advance(TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public void Of_failures_only_so_many_are_kept_and_of_short_messages()
    {
        var failures = new GrammarFailures(new ManualTime());
        static GrammarKey Key(int number) => new((UInt128)number, 0);
        failures.Add(Key(-1), new GrammarException("#", new string('x', GrammarFailures.MaxLength)), false);
        Assert.Null(failures.Find(Key(-1), false));
        for (var number = 0; number <= GrammarFailures.MaxCount; number++)
        {
            failures.Add(Key(number), new GrammarException("#", "wrong"), false);
        }

        Assert.Null(failures.Find(Key(0), false));
        Assert.NotNull(failures.Find(Key(1), false));
        Assert.NotNull(failures.Find(Key(GrammarFailures.MaxCount), true));
    }

    [Fact]
    public async Task Tenants_take_turns_and_of_each_the_shortest_source_goes_first()
    {
        using var time = new StoppingTime();
        var bytes = GrammarWalk.Compile(Large('a')).Bytes;
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { MaxBytes = bytes, CacheBytes = bytes * 5 / 2 }, time);

        // Three of these take all room there is: what would come behind the third never came.
        var many = "abcdef".Select(letter => cache.UseAsync(Large(letter), new GrammarAsker("many"), Stop)).ToList();
        await time.Reached.WaitAsync(Stop);
        var small = cache.UseAsync(GrammarSource.Regex("z"), new GrammarAsker("many"), Stop);
        var other = cache.UseAsync(GrammarSource.Regex("[abc]{2}xy"), new GrammarAsker("one"), Stop);
        time.Go();
        using var first = await small.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        using var second = await other.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        Assert.Contains(many, static use => !use.IsCompleted);
    }

    [Fact]
    public void A_source_that_several_tenants_wait_for_comes_in_the_first_of_their_turns()
    {
        var queue = new GrammarQueue();
        GrammarEntry[] entries = [.. new[] { "aaaa", "bb", "c", "dddddd" }.Select(static text => GrammarSource.Regex(text)).Select(static source => new GrammarEntry(GrammarKey.Of(source), source))];
        queue.Add(entries[0], "x");
        queue.Add(entries[1], "x");
        queue.Add(entries[2], "x");
        queue.Add(entries[3], "x");
        queue.Add(entries[3], "y");
        Assert.Equal((4, 4, 1), (queue.Count, queue.CountOf("x"), queue.CountOf("y")));
        Assert.Same(entries[2], queue.Take());
        Assert.Same(entries[3], queue.Take());
        Assert.Equal((2, 2, 0), (queue.Count, queue.CountOf("x"), queue.CountOf("y")));
        queue.Remove(entries[1]);
        Assert.Same(entries[0], queue.Take());
        Assert.Null(queue.Take());
        Assert.Equal((0, 0), (queue.Count, queue.CountOf("x")));

        // Who has just had a turn comes behind who has not, also when it was there before.
        queue.Add(entries[0], "x");
        queue.Add(entries[1], "y");
        queue.Add(entries[2], "y");
        Assert.Same(entries[2], queue.Take());
        Assert.Same(entries[0], queue.Take());
        Assert.Same(entries[1], queue.Take());
    }

    [Fact]
    public async Task So_many_sources_of_a_tenant_may_wait_and_those_that_were_taken_beside_them()
    {
        var bytes = GrammarWalk.Compile(Large('a')).Bytes;
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { MaxBytes = bytes, CacheBytes = bytes });
        using var inUse = await cache.UseAsync(Large('a'), Stop);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var waiting = Enumerable.Range(0, GrammarCache.MaxWaiting).Select(i => cache.UseAsync(GrammarSource.Regex($"a{i}"), new GrammarAsker("many"), all.Token)).ToList();
        await Assert.ThrowsAsync<GrammarQueueFullException>(() => cache.UseAsync(GrammarSource.Regex("b"), new GrammarAsker("many"), all.Token));
        waiting.Add(cache.UseAsync(GrammarSource.Regex("a0"), new GrammarAsker("many"), all.Token));
        waiting.Add(cache.UseAsync(GrammarSource.Regex("b"), new GrammarAsker("one"), all.Token));
        waiting.Add(cache.UseAsync(GrammarSource.Regex("c"), new GrammarAsker("many", IsTaken: true), all.Token));
        Assert.All(waiting, static use => Assert.False(use.IsCompleted));
        Assert.Equal(GrammarCache.MaxWaiting + 2, cache.UncompiledCount);
        await all.CancelAsync();
        foreach (var use in waiting)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => use);
        }

        Assert.Equal(0, cache.UncompiledCount);
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

    [Theory]
    [InlineData(23, true)]
    [InlineData(25, false)]
    public async Task What_was_taken_elsewhere_has_eight_times_as_long(int seconds, bool isCompiled)
    {
        using var time = new StoppingTime();
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { CompileTime = TimeSpan.FromSeconds(3) }, time);
        var use = cache.UseAsync(Large('a'), new GrammarAsker("", IsTaken: true), Stop);
        await time.Reached.WaitAsync(Stop);
        time.Now += TimeSpan.FromSeconds(seconds);
        time.Go();
        if (isCompiled)
        {
            using var lease = await use;
        }
        else
        {
            var fault = await Assert.ThrowsAsync<GrammarException>(() => use);
            Assert.True(fault.IsTimeLimit);

            // It is known now, to whoever has as long too.
            await Assert.ThrowsAsync<GrammarException>(() => cache.UseAsync(Large('a'), new GrammarAsker("", IsTaken: true), Stop));
            Assert.Equal(1, cache.Compilations);
        }
    }

    [Fact]
    public async Task What_was_taken_elsewhere_does_not_fail_in_the_time_of_others()
    {
        using var time = new StoppingTime();
        var cache = new GrammarCache(GrammarWalk.Tiny, new GrammarLimits { CompileTime = TimeSpan.FromSeconds(3) }, time);
        var hurried = cache.UseAsync(Large('a'), Stop);
        await time.Reached.WaitAsync(Stop);
        var taken = cache.UseAsync(Large('a'), new GrammarAsker("", IsTaken: true), Stop);
        time.Now += TimeSpan.FromSeconds(4);
        time.Go();
        await Assert.ThrowsAsync<GrammarException>(() => hurried);
        using var lease = await taken;
        Assert.Equal(2, cache.Compilations);
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
