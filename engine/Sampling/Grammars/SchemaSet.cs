namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What a value has to satisfy all together; equal sets allow the same.</summary>
internal sealed class SchemaSet
{
    /// <summary>A set of clauses, each once.</summary>
    public SchemaSet(IEnumerable<SchemaClause> clauses)
    {
        Clauses = [.. clauses.DistinctBy(static clause => clause.Key)];
        Key = string.Join(',', Clauses.Select(static clause => clause.Key).Order());
    }

    /// <summary>One schema.</summary>
    public SchemaSet(SchemaNode schema)
        : this([SchemaClause.Whole(schema)])
    {
    }

    public IReadOnlyList<SchemaClause> Clauses { get; }

    /// <summary>The same for equal sets.</summary>
    public string Key { get; }

    /// <summary>The one schema that it consists of, or null.</summary>
    public SchemaNode? Single => Clauses is [{ Kind: SchemaClauseKind.Whole } one] ? one.Node : null;
}
