using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Arrays by what several schemas say of them: tuples, items and their count.</summary>
/// <param name="json">Writes what an array is made of.</param>
/// <param name="report">Takes what cannot be enforced.</param>
/// <param name="rule">The rule of what an item satisfies.</param>
internal sealed class JsonArrayCompiler(JsonFragments json, SchemaReport report, Func<SchemaSet, int> rule)
{
    private static readonly string[] Unenforceable = ["contains", "unevaluatedItems"];

    /// <summary>The schemas of the first items: <c>prefixItems</c>, or <c>items</c> as older drafts have it.</summary>
    public static IReadOnlyList<SchemaNode> Tuple(SchemaNode schema) =>
        (schema.Find("prefixItems") ?? (schema.Find("items") is { Element.ValueKind: JsonValueKind.Array } items ? items : null)) is { } tuple
            ? tuple.Element.ValueKind == JsonValueKind.Array ? [.. tuple.Children] : throw new GrammarException(tuple, "is an array of schemas")
            : [];

    /// <summary>The schema of all further items, or null.</summary>
    public static SchemaNode? Rest(SchemaNode schema) =>
        schema.Find("items") is { Element.ValueKind: not JsonValueKind.Array } items ? items : schema.Find("additionalItems");

    /// <summary>Appends an array; null where none satisfies them.</summary>
    public int? Append(int from, IReadOnlyList<SchemaNode> schemas)
    {
        var least = 0;
        int? most = null;
        var tuple = new List<List<SchemaClause>>();
        foreach (var schema in schemas)
        {
            least = Math.Max(least, SchemaKeywords.Count(schema, "minItems", JsonStringCompiler.MaxCount) ?? 0);
            most = Min(most, SchemaKeywords.Count(schema, "maxItems", int.MaxValue));
            if (Rest(schema) is { Element.ValueKind: JsonValueKind.False })
            {
                most = Min(most, Tuple(schema).Count);
            }

            while (tuple.Count < Tuple(schema).Count)
            {
                tuple.Add([]);
            }
        }

        most = most > JsonStringCompiler.MaxCount ? JsonStringCompiler.MaxCount : most;
        Leave(schemas, most);
        var rest = new List<SchemaClause>();
        foreach (var schema in schemas)
        {
            var own = Tuple(schema);
            for (var i = 0; i < tuple.Count; i++)
            {
                Add(tuple[i], i < own.Count ? own[i] : Rest(schema));
            }

            Add(rest, Rest(schema));
        }

        // A tuple that says nothing of its length is written whole.
        if (tuple.Count > 0 && !schemas.Any(static schema => schema.Find("minItems") is not null))
        {
            least = Math.Min(tuple.Count, most ?? tuple.Count);
        }

        if (most < least)
        {
            report.Contradict($"{schemas[0]}/maxItems", "is less than minItems");
            return null;
        }

        var parts = tuple.Take(most ?? tuple.Count).Select(Item).ToList();
        return json.Items(from, parts, least, most, most > tuple.Count || most is null ? Item(rest) : null);
    }

    private void Leave(IReadOnlyList<SchemaNode> schemas, int? most)
    {
        foreach (var schema in schemas)
        {
            if (schema.Find("uniqueItems")?.Element.ValueKind == JsonValueKind.True && most is not (0 or 1))
            {
                report.Leave(schema, "uniqueItems", "cannot be enforced; leave it out");
            }

            foreach (var keyword in Unenforceable)
            {
                if (schema.Find(keyword) is not null)
                {
                    report.Leave(schema, keyword, "cannot be enforced; leave it out, or give the items a schema of their own");
                }
            }
        }
    }

    private int Item(List<SchemaClause> clauses) => rule(new SchemaSet(clauses));

    private static void Add(List<SchemaClause> clauses, SchemaNode? schema)
    {
        if (schema is not null)
        {
            clauses.Add(SchemaClause.Whole(schema));
        }
    }

    private static int? Min(int? one, int? other) => one is { } first && other is { } second ? Math.Min(first, second) : one ?? other;
}
