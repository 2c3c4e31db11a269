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

    /// <summary>Nothing, where what follows up to the end of the text begins with a part, or does not.</summary>
    public sealed record Ahead(RegexNode Part, bool IsNegated) : RegexNode;

    /// <summary>Nothing, at the end of the text.</summary>
    public sealed record AtEnd : RegexNode;

    /// <summary>Whether it says something about the text behind what it matches, so that only a <see cref="TextAutomaton"/> can read it.</summary>
    public bool LooksAhead => this switch
    {
        Ahead or AtEnd => true,
        Sequence sequence => sequence.Parts.Any(static part => part.LooksAhead),
        AnyOf any => any.Ways.Any(static way => way.LooksAhead),
        Repeat repeat => repeat.Part.LooksAhead,
        _ => false,
    };

    /// <summary>Code points of the shortest and of the longest text that it may match; what it looks ahead for may leave fewer.</summary>
    public (long Least, long? Most) Lengths
    {
        get
        {
            switch (this)
            {
                case Set:
                    return (1, 1);
                case Sequence sequence:
                    return sequence.Parts.Select(static part => part.Lengths).Aggregate((Least: 0L, Most: (long?)0), static (all, part) => (Capped(all.Least + part.Least), all.Most + part.Most is { } sum ? Capped(sum) : null));
                case AnyOf any:
                    return any.Ways.Select(static way => way.Lengths).Aggregate(static (all, way) => (Math.Min(all.Least, way.Least), all.Most is { } most && way.Most is { } other ? Math.Max(most, other) : null));
                case Repeat repeat:
                    var (least, longest) = repeat.Part.Lengths;
                    return (Capped(least * repeat.Least), longest == 0 ? 0 : longest * repeat.Most is { } product ? Capped(product) : null);
                default:
                    return (0, 0);
            }

            static long Capped(long length) => Math.Min(length, int.MaxValue);
        }
    }

    /// <summary>Appends a whole text that this matches.</summary>
    /// <inheritdoc cref="AppendTo" path="/param"/>
    public int AppendWhole(ByteNetwork network, int from, Func<int, CodePointRange[], int> codePoint)
    {
        if (!LooksAhead)
        {
            return AppendTo(network, from, codePoint);
        }

        var texts = new TextAutomaton(network.Meter);
        return texts.AppendTo(network, from, texts.Build(this, texts.End), codePoint) ?? network.Add();
    }

    /// <summary>Appends this to a network; it must not look ahead.</summary>
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
