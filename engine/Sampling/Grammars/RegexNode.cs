namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A regular expression, read.</summary>
internal abstract record RegexNode
{
    /// <summary>One code point of a set.</summary>
    public sealed record Set(CodePointRange[] Ranges) : RegexNode;

    /// <summary>One part after the other; none is the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>One of several.</summary>
    public sealed record AnyOf(IReadOnlyList<RegexNode> Ways) : RegexNode;

    /// <summary>A part several times; <paramref name="Most"/> is null where there is no limit.</summary>
    public sealed record Repeat(RegexNode Part, int Least, int? Most) : RegexNode;

    /// <summary>Appends this to a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="from">Where it starts.</param>
    /// <param name="codePoint">Appends one code point of a set, in the form that the text has there (plain or inside a JSON string).</param>
    /// <returns>Where it ends.</returns>
    public int AppendTo(ByteNetwork network, int from, Func<int, CodePointRange[], int> codePoint) => this switch
    {
        Set set => codePoint(from, set.Ranges),
        Sequence sequence => sequence.Parts.Aggregate(from, (at, part) => part.AppendTo(network, at, codePoint)),
        AnyOf any => network.AnyOf(from, any.Ways.Select(way => new Func<int, int>(at => way.AppendTo(network, at, codePoint)))),
        Repeat repeat => network.Repeat(from, repeat.Least, repeat.Most, at => repeat.Part.AppendTo(network, at, codePoint)),
        _ => throw new InvalidOperationException($"no such node: {this}"),
    };
}
