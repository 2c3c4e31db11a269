using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// A compiled grammar over one model's vocabulary: for any text so far it knows the tokens that may come next. Compile it off
/// the engine thread; afterwards it is safe for use by many threads and sequences, and keeps what it works out as long as there is room.
/// </summary>
public sealed class Grammar
{
    // Objects around the arrays, and the state at the start.
    private const int OwnBytes = 4096;

    private readonly PushdownAutomaton _automaton;

    private Grammar(TokenVocabulary vocabulary, CompactNetwork network, CompileMeter meter, GrammarLimits limits, GrammarMemory memory, IReadOnlyList<string> unenforced)
    {
        Vocabulary = vocabulary;
        Unenforced = unenforced;
        Network = network;
        Limits = limits;
        _automaton = new PushdownAutomaton(network, meter, memory);
    }

    /// <summary>The tokens it speaks of.</summary>
    public TokenVocabulary Vocabulary { get; }

    /// <summary>What it keeps to.</summary>
    public GrammarLimits Limits { get; }

    /// <summary>
    /// What of a schema that is not strict is not enforced: each keyword with its place, such as <c>#/properties/tags/uniqueItems</c>, behind the
    /// field of a tool; the field alone where nothing of a tool's schema is.
    /// </summary>
    public IReadOnlyList<string> Unenforced { get; }

    /// <summary>Bytes of the grammar itself.</summary>
    public long Bytes => OwnBytes + _automaton.Bytes;

    /// <summary>Bytes of what it has worked out and kept, states and masks.</summary>
    public long StoreBytes => Store.Bytes;

    /// <summary>What the automaton reads.</summary>
    internal CompactNetwork Network { get; }

    /// <summary>What is kept of what it has worked out.</summary>
    internal StateStore Store => _automaton.Store;

    /// <summary>Compiles a grammar that shares its room with no other.</summary>
    /// <inheritdoc cref="Compile(GrammarSource, TokenVocabulary, GrammarLimits, GrammarMemory, CompileMeter)"/>
    public static Grammar Compile(GrammarSource source, TokenVocabulary vocabulary, GrammarLimits? limits = null)
    {
        limits ??= new GrammarLimits();
        return Compile(source, vocabulary, limits, new GrammarMemory(limits.StoreBytes, limits.AllStoresBytes), new CompileMeter(limits));
    }

    /// <summary>Compiles a grammar.</summary>
    /// <exception cref="GrammarException">The source is malformed, allows nothing, or uses what is not understood; the message names it. Or it is beyond a limit.</exception>
    /// <exception cref="OperationCanceledException">The meter's cancellation came.</exception>
    internal static Grammar Compile(GrammarSource source, TokenVocabulary vocabulary, GrammarLimits limits, GrammarMemory memory, CompileMeter meter)
    {
        var network = new ByteNetwork(meter);
        var unenforced = new List<string>();
        var report = new SchemaReport("", isStrict: source.Kind == GrammarKind.JsonSchema);
        network.Start = network.Add();
        var at = network.Literal(network.Start, Encoding.UTF8.GetBytes(source.Before));
        at = source.Kind switch
        {
            GrammarKind.JsonObject => new JsonFragments(network).Object(at),
            GrammarKind.JsonSchema or GrammarKind.LenientJsonSchema => Schema(network, at, source.Text, report),
            GrammarKind.ToolCall => ToolCallCompiler.Append(network, at, ToolSource.Of(source.Text), vocabulary, unenforced),
            GrammarKind.Regex => RegexParser.ParseWhole(source.Text).AppendWhole(network, at, network.CodePoint),
            GrammarKind.Choice => Choices(network, at, source.Text),
            _ => throw new ArgumentOutOfRangeException(nameof(source), source.Kind, "no such kind of grammar"),
        };
        network.EndRule(network.Literal(at, Encoding.UTF8.GetBytes(source.After)));
        LeftRecursion.Refuse(network);
        unenforced.AddRange(report.Unenforced);
        try
        {
            return new Grammar(vocabulary, NetworkReducer.Reduce(network), meter, limits, memory, unenforced);
        }
        catch (GrammarException e) when (e.IsUnsatisfiable && report.Contradiction is not null)
        {
            throw report.Contradiction;
        }
    }

    /// <summary>A sequence's own state, before its first token.</summary>
    public GrammarState Start() => new(this, _automaton.Start);

    /// <summary>The state after a token's bytes, or null if they are not allowed.</summary>
    internal AutomatonState? After(AutomatonState state, ReadOnlySpan<byte> bytes)
    {
        var work = 0L;
        return After(state, bytes, ref work);
    }

    /// <summary>The same, with what was looked at added to <paramref name="work"/>.</summary>
    internal AutomatonState? After(AutomatonState state, ReadOnlySpan<byte> bytes, ref long work)
    {
        foreach (var value in bytes)
        {
            state = _automaton.Next(state, value, ref work);
            if (state.IsDead)
            {
                return null;
            }
        }

        return state;
    }

    /// <summary>The fewest bytes from a state to where the text may end.</summary>
    internal int Distance(AutomatonState state) => _automaton.Distance(state);

    /// <summary>The kept state that equals one that may have been let go.</summary>
    internal AutomatonState Keep(AutomatonState state)
    {
        Store.Touch();
        return state.IsKept ? state : Store.Keep(state);
    }

    /// <summary>What finds the tokens allowed in a state.</summary>
    internal MaskWork MaskOf(AutomatonState state) => new(_automaton, Vocabulary, state, Limits.MaxMaskWork);

    private static int Schema(ByteNetwork network, int from, string text, SchemaReport report)
    {
        using var schema = JsonSchemaCompiler.Parse(text);
        return JsonSchemaCompiler.Append(network, new JsonFragments(network), from, schema.RootElement, report);
    }

    private static int Choices(ByteNetwork network, int from, string texts)
    {
        var choices = JsonSerializer.Deserialize<string[]>(texts)!;
        return choices.Length > 0
            ? network.Texts(from, choices.Select(Encoding.UTF8.GetBytes))
            : throw new GrammarException("choice", "needs one text at least");
    }
}
