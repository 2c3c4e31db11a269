namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A grammar that cannot be compiled; the message names the place and the keyword or construct, and what to use instead.</summary>
public sealed class GrammarException : Exception
{
    /// <summary>A fault at a place: a JSON pointer into a schema or a position in an expression.</summary>
    public GrammarException(string place, string fault)
        : base($"{place}: {fault}") => Place = place;

    /// <inheritdoc cref="GrammarException(string, string)"/>
    internal GrammarException(SchemaNode place, string fault)
        : this(place.ToString(), fault)
    {
    }

    /// <summary>Whether the grammar is too large, too ambiguous or too slow to compile, not wrong.</summary>
    public bool IsLimit { get; init; }

    /// <summary>Whether it was too slow to compile: elsewhere, or later, it may be compiled.</summary>
    public bool IsTimeLimit { get; init; }

    /// <summary>Whether the grammar is well-formed but no text satisfies it.</summary>
    public bool IsUnsatisfiable { get; init; }

    /// <summary>Where in the source, such as <c>#/properties/age</c>.</summary>
    public string Place { get; }
}
