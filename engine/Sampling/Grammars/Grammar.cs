using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// A compiled grammar over one model's vocabulary: for any text so far it knows the tokens that may come next. Compile it off
/// the engine thread; afterwards it is safe for use by many threads and sequences, and keeps what it works out.
/// </summary>
public sealed class Grammar
{
    private readonly PushdownAutomaton _automaton;
    private readonly MaskBuilder _masks;

    private Grammar(GrammarSource source, TokenVocabulary vocabulary, ByteNetwork network)
    {
        Source = source;
        Vocabulary = vocabulary;
        Network = network;
        _automaton = new PushdownAutomaton(network);
        _masks = new MaskBuilder(_automaton, vocabulary);
    }

    /// <summary>What it was compiled from.</summary>
    public GrammarSource Source { get; }

    /// <summary>The tokens it speaks of.</summary>
    public TokenVocabulary Vocabulary { get; }

    /// <summary>What the automaton reads.</summary>
    internal ByteNetwork Network { get; }

    /// <summary>Compiles a grammar.</summary>
    /// <exception cref="GrammarException">The source is malformed, allows nothing, or uses what is not understood; the message names it.</exception>
    public static Grammar Compile(GrammarSource source, TokenVocabulary vocabulary)
    {
        var network = new ByteNetwork();
        network.Start = network.Add();
        var at = network.Literal(network.Start, Encoding.UTF8.GetBytes(source.Before));
        at = source.Kind switch
        {
            GrammarKind.JsonObject => new JsonFragments(network).Object(at),
            GrammarKind.JsonSchema => JsonSchemaCompiler.Append(network, at, source.Text),
            GrammarKind.Regex => RegexParser.ParseWhole(source.Text).AppendTo(network, at, network.CodePoint),
            GrammarKind.Choice => Choices(network, at, source.Text),
            _ => throw new ArgumentOutOfRangeException(nameof(source), source.Kind, "no such kind of grammar"),
        };
        network.EndRule(network.Literal(at, Encoding.UTF8.GetBytes(source.After)));
        return new Grammar(source, vocabulary, network);
    }

    /// <summary>A sequence's own state, before its first token.</summary>
    public GrammarState Start() => new(this, _automaton.Start);

    /// <summary>The state after a token's bytes, or null if they are not allowed.</summary>
    internal AutomatonState? After(AutomatonState state, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            state = _automaton.Next(state, value);
            if (state.IsDead)
            {
                return null;
            }
        }

        return state;
    }

    /// <summary>The fewest bytes from a state to where the text may end.</summary>
    internal int Distance(AutomatonState state) => _automaton.Distance(state);

    /// <summary>The tokens allowed in a state.</summary>
    internal TokenMask MaskOf(AutomatonState state) => _masks.MaskOf(state);

    private static int Choices(ByteNetwork network, int from, string texts)
    {
        var choices = JsonSerializer.Deserialize<string[]>(texts)!;
        return choices.Length > 0
            ? network.Texts(from, choices.Select(Encoding.UTF8.GetBytes))
            : throw new GrammarException("choice", "needs one text at least");
    }
}
