namespace Crescent.Engine.Sampling.Grammars;

/// <summary>One thing that a value has to satisfy.</summary>
/// <param name="Node">A schema, or the array of an <c>anyOf</c> or <c>oneOf</c>.</param>
/// <param name="Kind">What of it counts.</param>
internal readonly record struct SchemaClause(SchemaNode Node, SchemaClauseKind Kind)
{
    /// <summary>A schema as a whole.</summary>
    public static SchemaClause Whole(SchemaNode node) => new(node, SchemaClauseKind.Whole);

    /// <summary>Among the clauses of one document, which one it is.</summary>
    public long Key => (Node.Id * 4L) + (int)Kind;
}
