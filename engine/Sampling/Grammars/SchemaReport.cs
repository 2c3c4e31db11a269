namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What of a schema is not enforced, and why it allows nothing.</summary>
/// <param name="field">Where the schema stands in the request, before each place; empty for the schema alone.</param>
/// <param name="isStrict">Whether what cannot be enforced is an error.</param>
internal sealed class SchemaReport(string field, bool isStrict)
{
    /// <summary>Places that are told of; the others are counted.</summary>
    public const int MaxListed = 64;

    private readonly string _field = field;
    private readonly HashSet<(int Schema, string Keyword)> _places = [];
    private readonly List<string> _listed = [];

    /// <summary>The keywords that are not enforced, each with its place.</summary>
    public IEnumerable<string> Unenforced => _places.Count > _listed.Count ? [.. _listed, $"{_field}: {_places.Count - _listed.Count} more"] : _listed;

    /// <summary>The first thing found that no text satisfies; the schema may well be satisfied without it.</summary>
    public GrammarException? Contradiction { get; private set; }

    /// <summary>Takes note of a keyword that cannot be enforced.</summary>
    /// <exception cref="GrammarException">It has to be.</exception>
    public void Leave(SchemaNode schema, string keyword, string fault)
    {
        if (isStrict)
        {
            throw new GrammarException($"{schema}/{keyword}", fault);
        }

        if (_places.Add((schema.Id, keyword)) && _listed.Count < MaxListed)
        {
            _listed.Add($"{_field}{schema}/{keyword}");
        }
    }

    /// <summary>Takes note of what no text satisfies.</summary>
    public void Contradict(string place, string fault) => Contradiction ??= new GrammarException(place, fault);
}
