using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Which properties an object has by what several schemas say: those that they name, those whose names match, and others.</summary>
/// <param name="report">Takes what cannot be enforced.</param>
/// <param name="opener">Takes the schemas of names apart.</param>
/// <param name="values">Says which names are allowed.</param>
/// <param name="strings">Makes expressions of schemas.</param>
/// <param name="meter">Watches the compilation.</param>
internal sealed class PropertyNames(SchemaReport report, SchemaOpener opener, SchemaValues values, JsonStringCompiler strings, CompileMeter meter)
{
    private readonly Dictionary<int, List<(int Names, SchemaNode Schema)>> _patterns = [];

    /// <summary>The sets of names.</summary>
    public TextAutomaton Texts { get; } = new(meter);

    /// <summary>The properties that schemas name, in order; null where one that is required is not allowed.</summary>
    public IReadOnlyList<DeclaredProperty>? Properties(IReadOnlyList<SchemaNode> schemas)
    {
        var required = schemas.SelectMany(Required).Distinct().ToList();
        var wanted = required.ToHashSet(StringComparer.Ordinal);
        var properties = new List<DeclaredProperty>();
        foreach (var name in schemas.SelectMany(Declared).Concat(required).Distinct())
        {
            meter.Work();
            if (Of(schemas, name) is { } set)
            {
                properties.Add(new DeclaredProperty(name, set, wanted.Contains(name)));
            }
            else if (wanted.Contains(name))
            {
                report.Contradict(
                    $"{schemas.First(schema => Required(schema).Contains(name))}/required", $"\"{name}\" is not among the properties, and others are not allowed");
                return null;
            }
        }

        return properties;
    }

    /// <summary>The properties that there may be beside those.</summary>
    public IReadOnlyList<OtherProperties> Others(IReadOnlyList<SchemaNode> schemas, IReadOnlyList<DeclaredProperty> properties)
    {
        var others = new List<OtherProperties>();
        var patterns = schemas.SelectMany(schema => Patterns(schema).Select(pattern => (Owner: schema, pattern.Names, pattern.Schema))).ToList();
        var rests = schemas.Select(Rest).OfType<SchemaNode>().ToList();
        if (schemas.Any(static schema => schema.Find("propertyNames") is { } names && IsGiven(names)))
        {
            // All of them stand among the properties.
            return others;
        }

        var bounds = schemas.Select(Bounds).OfType<int>().ToList();
        if (properties.Count > 0 && (rests.Count > 0 || patterns.Count > 0))
        {
            bounds.Add(Texts.Not(Literals(properties.Select(static property => property.Name))));
        }

        foreach (var (owner, names, schema) in patterns)
        {
            // Whose name matches one pattern and no other: so its value has one schema for each that speaks of it.
            var rest = schemas.Where(other => other != owner).Select(Rest).OfType<SchemaNode>().ToList();
            if (rest.TrueForAll(static other => other.Element.ValueKind != JsonValueKind.False))
            {
                var apart = patterns.Where(pattern => pattern.Names != names).Select(pattern => Texts.Not(pattern.Names));
                others.Add(new OtherProperties(apart.Concat(bounds).Aggregate(names, Texts.Both), new SchemaSet([SchemaClause.Whole(schema), .. rest.Select(SchemaClause.Whole)])));
            }
        }

        if ((rests.Count > 0 || (properties.Count == 0 && patterns.Count == 0)) && rests.TrueForAll(static rest => rest.Element.ValueKind != JsonValueKind.False))
        {
            bounds.AddRange(patterns.Select(pattern => Texts.Not(pattern.Names)));
            others.Add(new OtherProperties(bounds.Count == 0 ? null : bounds.Aggregate(Texts.Both), new SchemaSet(rests.Select(SchemaClause.Whole))));
        }

        return others;
    }

    /// <summary>What the value of a property satisfies; null where it is not allowed.</summary>
    private SchemaSet? Of(IReadOnlyList<SchemaNode> schemas, string name)
    {
        var clauses = new List<SchemaClause>();
        foreach (var schema in schemas)
        {
            var before = clauses.Count;
            if (schema.Find("properties")?.Find(name) is { } declared)
            {
                clauses.Add(SchemaClause.Whole(declared));
            }

            clauses.AddRange(Patterns(schema).Where(pattern => Texts.Matches(pattern.Names, name)).Select(static pattern => SchemaClause.Whole(pattern.Schema)));
            if (clauses.Count == before && (schema.Find("additionalProperties") ?? Unevaluated(schemas, schema, name)) is { } rest)
            {
                if (rest.Element.ValueKind == JsonValueKind.False)
                {
                    return null;
                }

                clauses.Add(SchemaClause.Whole(rest));
            }

            if (schema.Find("propertyNames") is { } names && !values.Allow(new SchemaSet(names), JsonSerializer.SerializeToElement(name)))
            {
                return null;
            }
        }

        return new SchemaSet(clauses);
    }

    private SchemaNode? Unevaluated(IReadOnlyList<SchemaNode> schemas, SchemaNode schema, string name)
    {
        if (schema.Find("unevaluatedProperties") is not { } rest)
        {
            return null;
        }

        if (schema != schemas[0])
        {
            report.Leave(schema, "unevaluatedProperties", "cannot be enforced within allOf; move it out");
        }

        return schemas.Any(other => other.Find("properties")?.Find(name) is not null) ? null : rest;
    }

    private static SchemaNode? Rest(SchemaNode schema) => schema.Find("additionalProperties") ?? schema.Find("unevaluatedProperties");

    private static IEnumerable<string> Declared(SchemaNode schema)
    {
        if (schema.Find("properties") is { } properties)
        {
            foreach (var property in properties.IsObject ? properties.Children : throw new GrammarException(properties, "is an object of schemas"))
            {
                yield return property.Name;
            }
        }

        if (schema.Find("propertyNames") is { } names && IsGiven(names))
        {
            foreach (var name in (names.Find("enum")?.Children ?? [names.Find("const")!]).Where(static name => name.Element.ValueKind == JsonValueKind.String))
            {
                yield return name.Element.GetString()!;
            }
        }
    }

    private static bool IsGiven(SchemaNode names) => names.IsObject && (names.Find("enum") is { Element.ValueKind: JsonValueKind.Array } || names.Find("const") is not null);

    private static IEnumerable<string> Required(SchemaNode schema) => schema.Find("required") is not { } list ? []
        : list.Element.ValueKind == JsonValueKind.Array && list.Element.EnumerateArray().All(static name => name.ValueKind == JsonValueKind.String)
            ? list.Element.EnumerateArray().Select(static name => name.GetString()!)
            : throw new GrammarException(list, "is an array of names");

    private List<(int Names, SchemaNode Schema)> Patterns(SchemaNode schema)
    {
        if (!_patterns.TryGetValue(schema.Id, out var patterns))
        {
            _patterns.Add(schema.Id, patterns = []);
            foreach (var pattern in schema.Find("patternProperties")?.Children ?? [])
            {
                if (strings.Pattern(schema, "patternProperties", pattern.Name) is { } expression)
                {
                    patterns.Add((Texts.Build(expression, Texts.End), pattern));
                }
            }
        }

        return patterns;
    }

    /// <summary>The names that a schema's <c>propertyNames</c> allows, or null for any.</summary>
    private int? Bounds(SchemaNode schema)
    {
        if (schema.Find("propertyNames") is not { } names)
        {
            return null;
        }

        var parts = opener.Open(new SchemaSet(names));
        if (parts.Nothing is not null)
        {
            return Texts.Not(Texts.Anything);
        }

        if (parts.Choices.Count > 0 || parts.Own.Exists(static own => own.Find("enum") is not null || own.Find("const") is not null || own.Find("not") is not null || own.Find("if") is not null))
        {
            report.Leave(schema, "propertyNames", "cannot be enforced in this form; use a pattern, or an enum that stands there itself");
        }

        return strings.Build(Texts, parts.Own);
    }

    private int Literals(IEnumerable<string> texts) => Texts.Build(
        new RegexNode.AnyOf([.. texts.Select(static text => new RegexNode.Sequence([.. text.EnumerateRunes().Select(static rune => new RegexNode.Set([new(rune.Value, rune.Value)]))]))]),
        Texts.End);
}
