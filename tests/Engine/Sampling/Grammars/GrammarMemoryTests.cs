using Crescent.Engine.Sampling.Grammars;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>What a grammar works out of texts is bounded, and nothing is lost with what is let go.</summary>
public sealed class GrammarMemoryTests
{
    private static readonly GrammarLimits Small = new() { StoreBytes = 1 << 16, AllStoresBytes = 1 << 16 };

    [Fact]
    public void Twenty_thousand_texts_through_one_grammar_leave_no_more_than_its_room()
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonObject());
        Write(grammar, 0, 200);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Write(grammar, 200, 20_000);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{grammar.Store.Count} states, {grammar.StoreBytes} bytes, evicted {grammar.Store.Evicted}, grown {grown}");
        Assert.True(grammar.Store.Evicted > 0, "the texts must be more than the room");
        Assert.InRange(grammar.StoreBytes, 1, grammar.Limits.StoreBytes);
        Assert.InRange(grown, long.MinValue, 30 << 20);
    }

    [Fact]
    public void What_is_let_go_is_made_again()
    {
        var evicted = 0L;
        Gen.Select(RandomSchemas.Schema, Gen.Int).Sample((schema, seed) => Interlocked.Add(ref evicted, Compare(schema.ToJsonString(), seed)), iter: 60);
        Assert.True(evicted > 1000, "the room must be too small");
    }
    [Fact]
    public void All_grammars_together_have_no_more_than_their_room()
    {
        var limits = new GrammarLimits { StoreBytes = 1 << 18, AllStoresBytes = 1 << 20 };
        var memory = new GrammarMemory(limits.StoreBytes, limits.AllStoresBytes);
        var grammars = new List<Grammar>();
        for (var i = 0; i < 40; i++)
        {
            grammars.Add(Grammar.Compile(
                GrammarSource.JsonSchema("""{"type":"object","properties":{"NAME":{"type":"string"},"q":{}}}""".Replace("NAME", $"p{i}", StringComparison.Ordinal)),
                GrammarWalk.Tiny,
                limits,
                memory,
                new CompileMeter(limits)));
            for (var seed = 0; seed < 5; seed++)
            {
                GrammarWalk.Random(grammars[^1], seed, free: 40);
                Assert.InRange(grammars.Sum(static grammar => grammar.StoreBytes), 1, limits.AllStoresBytes);
                Assert.InRange(memory.Bytes, grammars.Sum(static grammar => grammar.StoreBytes), limits.AllStoresBytes);
            }
        }

        Assert.True(grammars[^1].StoreBytes > 0);
        Assert.Equal(0, grammars[0].StoreBytes);
    }

    [Fact]
    public void A_sequence_goes_on_from_a_state_that_was_let_go()
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonObject());
        var state = grammar.Start();
        Assert.True(state.Advance("{\"a\":[1,"u8));
        grammar.Store.Clear();
        Assert.False(state.State.IsKept);
        Assert.True(state.Advance("2]}"u8));
        Assert.True(state.IsComplete);
        Assert.False(state.Fork().Advance("x"u8));
    }

    private static long Compare(string schema, int seed)
    {
        var source = GrammarSource.JsonSchema(schema);
        var (small, large) = (Grammar.Compile(source, GrammarWalk.Tiny, Small), Grammar.Compile(source, GrammarWalk.Tiny));
        for (var text = 0; text < 4; text++)
        {
            var (a, b) = (small.Start(), large.Start());
            var (maskOfA, maskOfB) = (new ulong[GrammarWalk.Tiny.MaskWords], new ulong[GrammarWalk.Tiny.MaskWords]);
            var random = new Random(seed + text);
            for (var step = 0; step < 60 && !b.IsEnded; step++)
            {
                Assert.Equal(b.FillMask(maskOfB), a.FillMask(maskOfA));
                Assert.Equal(maskOfB, maskOfA);
                var allowed = GrammarWalk.Tokens(maskOfB);
                var token = allowed[random.Next(allowed.Count)];
                Assert.True(a.Advance(token) && b.Advance(token));
                Assert.Equal(b.Distance, a.Distance);
                Assert.InRange(small.StoreBytes, 0, Small.StoreBytes);
            }
        }

        return small.Store.Evicted;
    }

    /// <summary>Texts that nest arrays and objects as no other does, with the mask at every byte.</summary>
    private static void Write(Grammar grammar, int first, int count)
    {
        var mask = new ulong[GrammarWalk.Tiny.MaskWords];
        for (var text = first; text < first + count; text++)
        {
            var random = new Random(text);
            var state = grammar.Start();
            Take(state, "{\"a\":"u8);
            for (var depth = 0; depth < 16; depth++)
            {
                Take(state, random.Next(2) == 0 ? "["u8 : "{\"b\":"u8);
            }
        }

        void Take(GrammarState state, ReadOnlySpan<byte> bytes)
        {
            foreach (var value in bytes)
            {
                Assert.True(state.FillMask(mask) > 0);
                Assert.True(state.Advance([value]));
            }
        }
    }
}
