using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Takes schemas apart into what holds all together.</summary>
internal sealed class SchemaOpener(SchemaDocument document, SchemaReport report, CompileMeter meter)
{
    /// <summary>The parts of a set.</summary>
    /// <exception cref="GrammarException">A schema is malformed, or leads back to itself.</exception>
    public SchemaParts Open(SchemaSet set)
    {
        var parts = new SchemaParts();
        var (seen, path) = (new HashSet<int>(), new HashSet<int>());
        foreach (var clause in set.Clauses)
        {
            switch (clause.Kind)
            {
                case SchemaClauseKind.Own:
                    parts.Own.Add(clause.Node);
                    break;
                case SchemaClauseKind.Choice:
                    parts.Choices.Add(clause.Node);
                    break;
                default:
                    Visit(clause.Node, parts, seen, path);
                    break;
            }
        }

        return parts;
    }

    /// <summary>Where a schema that only refers to another leads in the end.</summary>
    public SchemaNode Follow(SchemaNode schema)
    {
        for (var seen = new HashSet<int>(); schema.IsObject && seen.Add(schema.Id);)
        {
            meter.Work();
            var next = Applied(schema) switch
            {
                ["$ref"] => Target(schema),
                ["allOf"] when schema.Find("allOf")!.Children.Take(2).ToArray() is [var only] => only,
                _ => null,
            };
            if (next is null)
            {
                break;
            }

            schema = next;
        }

        return schema;
    }

    private static string[] Applied(SchemaNode schema) =>
        [.. schema.Children.Select(static child => child.Name).Where(static name => SchemaKeywords.IsAssertion(name) || SchemaKeywords.IsApplicator(name)).Take(2)];

    private void Visit(SchemaNode schema, SchemaParts parts, HashSet<int> seen, HashSet<int> path)
    {
        meter.Work();
        switch (schema.Element.ValueKind)
        {
            case JsonValueKind.True:
                return;
            case JsonValueKind.False:
                parts.Nothing ??= schema;
                return;
            case not JsonValueKind.Object:
                throw new GrammarException(schema, "a schema is an object, true or false");
        }

        if (!seen.Add(schema.Id))
        {
            if (path.Contains(schema.Id))
            {
                throw new GrammarException(schema, "a $ref leads back to itself without any content in between");
            }

            return;
        }

        path.Add(schema.Id);
        if (schema.Children.Any(static child => SchemaKeywords.IsAssertion(child.Name)))
        {
            parts.Own.Add(schema);
        }

        if (schema.Find("not") is { } not && (not.Element.ValueKind == JsonValueKind.True || (not.IsObject && Applied(not).Length == 0)))
        {
            parts.Nothing ??= schema;
        }

        if (schema.Find("$ref") is not null && Target(schema) is { } target)
        {
            Visit(target, parts, seen, path);
        }

        if (schema.Find("allOf") is { } all)
        {
            foreach (var part in Schemas(all))
            {
                Visit(part, parts, seen, path);
            }
        }

        foreach (var name in SchemaKeywords.Choices)
        {
            if (schema.Find(name) is { } choice)
            {
                Schemas(choice);
                parts.Choices.Add(choice);
            }
        }

        path.Remove(schema.Id);
    }

    private SchemaNode? Target(SchemaNode schema)
    {
        var reference = schema.Find("$ref")!.Element;
        var target = reference.ValueKind == JsonValueKind.String ? document.Find(reference.GetString()!) : null;
        if (target is null)
        {
            report.Leave(schema, "$ref", $"{reference.GetRawText()} is not in the schema; references are of the form #/$defs/name");
        }

        return target;
    }

    private static IEnumerable<SchemaNode> Schemas(SchemaNode list) =>
        list.Element.ValueKind == JsonValueKind.Array && list.Element.GetArrayLength() > 0
            ? list.Children
            : throw new GrammarException(list, "is an array of one schema or more");
}
