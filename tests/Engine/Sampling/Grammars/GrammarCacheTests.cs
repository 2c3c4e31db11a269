using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class GrammarCacheTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Equal_sources_share_one_grammar()
    {
        var cache = new GrammarCache(GrammarWalk.Tiny);
        var grammars = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cache.GetAsync(GrammarSource.Regex("a+"), Stop)));
        Assert.All(grammars, grammar => Assert.Same(grammars[0], grammar));
        Assert.NotSame(grammars[0], await cache.GetAsync(GrammarSource.Regex("a+") with { After = "." }, Stop));
    }

    [Fact]
    public async Task The_longest_unused_goes_first()
    {
        var cache = new GrammarCache(GrammarWalk.Tiny, capacity: 2);
        var a = await cache.GetAsync(GrammarSource.Regex("a"), Stop);
        var b = await cache.GetAsync(GrammarSource.Regex("b"), Stop);
        Assert.Same(a, await cache.GetAsync(GrammarSource.Regex("a"), Stop));
        await cache.GetAsync(GrammarSource.Regex("c"), Stop);
        Assert.Same(a, await cache.GetAsync(GrammarSource.Regex("a"), Stop));
        Assert.NotSame(b, await cache.GetAsync(GrammarSource.Regex("b"), Stop));
    }

    [Fact]
    public async Task A_source_that_cannot_be_compiled_fails_each_time()
    {
        var cache = new GrammarCache(GrammarWalk.Tiny);
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<GrammarException>(() => cache.GetAsync(GrammarSource.Regex("("), Stop));
        }
    }
}
