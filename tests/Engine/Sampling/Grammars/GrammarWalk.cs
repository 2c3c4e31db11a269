using System.Text;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Tests.Engine.Model.Text;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Writes texts as a model would that knows nothing: any token that the mask allows.</summary>
internal static class GrammarWalk
{
    private static readonly int[] OfByte = [.. Enumerable.Range(0, 256).Select(b =>
        Enumerable.Range(0, Tokenizers.Tiny.VocabularySize).First(token => Tokenizers.Tiny.TokenBytes(token).SequenceEqual([(byte)b])))];

    private static readonly Lazy<TokenVocabulary> LazyTiny = new(() => new TokenVocabulary(Tokenizers.Tiny));

    /// <summary>The embedded model's vocabulary.</summary>
    public static TokenVocabulary Tiny => LazyTiny.Value;

    public static Grammar Compile(GrammarSource source) => Grammar.Compile(source, Tiny);

    /// <summary>Whether the grammar allows a text as a whole, token by token, with every token in its mask.</summary>
    public static bool Accepts(this Grammar grammar, string text)
    {
        var state = grammar.Start();
        var mask = new ulong[grammar.Vocabulary.MaskWords];
        foreach (var token in grammar.Vocabulary.Tokenizer.Encode(text, parseSpecial: false))
        {
            state.FillMask(mask);
            var isInMask = Has(mask, token);
            Assert.Equal(isInMask, state.Advance(token));
            if (!isInMask)
            {
                return false;
            }
        }

        return state.CanTerminate;
    }

    /// <summary>A text to its end token: <paramref name="free"/> random tokens, then the shortest way to an end.</summary>
    public static string Random(Grammar grammar, int seed, int free)
    {
        var random = new Random(seed);
        var tokenizer = grammar.Vocabulary.Tokenizer;
        var state = grammar.Start();
        var mask = new ulong[grammar.Vocabulary.MaskWords];
        var text = new List<byte>();
        for (var taken = 0; taken < free; taken++)
        {
            var allowed = Allowed(state, mask, text);
            var token = allowed[random.Next(allowed.Count)];
            Assert.True(state.Advance(token), $"the mask allows {tokenizer.TokenName(token)} but the state does not");
            if (state.IsEnded)
            {
                Assert.Equal(0, state.FillMask(mask));
                return Text(text);
            }

            text.AddRange(tokenizer.TokenBytes(token));
        }

        foreach (var value in ShortestEnd(grammar, state.State))
        {
            Assert.Contains(OfByte[value], Allowed(state, mask, text));
            Assert.True(state.Advance(OfByte[value]));
            text.Add(value);
        }

        Assert.True(state.CanTerminate);
        Assert.Contains(tokenizer.EndOfSequence!.Value, Allowed(state, mask, text));
        return Text(text);
    }

    private static string Text(List<byte> bytes) => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);

    private static List<int> Allowed(GrammarState state, ulong[] mask, List<byte> text)
    {
        var count = state.FillMask(mask);
        Assert.True(count > 0, $"no token is allowed after {Encoding.UTF8.GetString([.. text])}");
        var allowed = Tokens(mask);
        Assert.Equal(count, allowed.Count);
        Assert.Equal(state.CanTerminate, allowed.Exists(state.Grammar.Vocabulary.Tokenizer.IsEndOfGeneration));
        return allowed;
    }

    /// <summary>The bytes of a shortest way to a state where the text may end.</summary>
    private static IEnumerable<byte> ShortestEnd(Grammar grammar, AutomatonState state)
    {
        var distances = Distances(grammar.Network);
        for (var left = Distance(state, distances); left > 0;)
        {
            var best = (Distance: int.MaxValue, By: (byte)0, State: state);
            for (var value = 0; value < 256; value++)
            {
                if (grammar.After(state, [(byte)value]) is { } next && Distance(next, distances) is var distance && distance < best.Distance)
                {
                    best = (distance, (byte)value, next);
                }
            }

            Assert.True(best.Distance < left, "every step must come nearer to the end");
            (left, state) = (best.Distance, best.State);
            yield return best.By;
        }
    }

    private static int Distance(AutomatonState state, int[] distances)
    {
        var best = state.AcceptsEnd ? 0 : int.MaxValue;
        foreach (var group in state.Groups)
        {
            foreach (var node in group.Nodes)
            {
                var sum = distances[node];
                for (var frame = group.Below; frame.Node >= 0; frame = frame.Below!)
                {
                    sum += distances[frame.Node];
                }

                best = Math.Min(best, sum);
            }
        }

        return best;
    }

    /// <summary>For each node, the fewest bytes to the end of its rule.</summary>
    private static int[] Distances(CompactNetwork network)
    {
        const int far = 1_000_000;
        var distances = Enumerable.Repeat(far, network.Count).ToArray();
        for (var changed = true; changed;)
        {
            changed = false;
            for (var node = network.Count - 1; node >= 0; node--)
            {
                var best = network.Edges(node).ToArray().Select(edge => 1 + distances[edge.To])
                    .Concat(network.Jumps(node).ToArray().Select(to => distances[to]))
                    .Concat(network.Calls(node).ToArray().Select(call => distances[call.Rule] + distances[call.Return]))
                    .Append(network.IsEnd(node) ? 0 : far)
                    .Min();
                changed |= best < distances[node];
                distances[node] = Math.Min(distances[node], best);
            }
        }

        return distances;
    }

    public static List<int> Tokens(ReadOnlySpan<ulong> mask)
    {
        var tokens = new List<int>();
        for (var token = 0; token < mask.Length * 64; token++)
        {
            if (Has(mask, token))
            {
                tokens.Add(token);
            }
        }

        return tokens;
    }

    public static bool Has(ReadOnlySpan<ulong> mask, int token) => (mask[token >> 6] >> token & 1) != 0;
}
