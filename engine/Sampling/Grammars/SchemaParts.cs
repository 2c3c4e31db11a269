namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A <see cref="SchemaSet"/> taken apart: references followed, <c>allOf</c> opened.</summary>
internal sealed class SchemaParts
{
    /// <summary>Schemas whose keywords about the value itself all hold.</summary>
    public List<SchemaNode> Own { get; } = [];

    /// <summary>Arrays of schemas, of each of which one holds.</summary>
    public List<SchemaNode> Choices { get; } = [];

    /// <summary>A schema that allows nothing, or null.</summary>
    public SchemaNode? Nothing { get; set; }
}
