namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What of a <see cref="SchemaClause"/> counts.</summary>
internal enum SchemaClauseKind
{
    /// <summary>The schema with all that it refers to.</summary>
    Whole,

    /// <summary>The schema's keywords about the value itself.</summary>
    Own,

    /// <summary>That one of the schemas in an array holds.</summary>
    Choice,
}
