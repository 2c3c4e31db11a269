using System.Text;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Objects by what several schemas say of them. Properties come in the order of the schemas; others behind them, and only where a schema says
/// outright that there may be some, or names none.
/// </summary>
/// <param name="network">Takes them.</param>
/// <param name="json">Writes what an object is made of.</param>
/// <param name="report">Takes what cannot be enforced.</param>
/// <param name="names">What the schemas say of names.</param>
/// <param name="rule">The rule of what a value satisfies.</param>
/// <param name="value">Writes a value.</param>
internal sealed class JsonObjectCompiler(
    ByteNetwork network, JsonFragments json, SchemaReport report, PropertyNames names, Func<SchemaSet, int> rule, Func<int, SchemaSet, int> value)
{
    private static readonly string[] Unenforceable = ["dependentRequired", "dependentSchemas", "dependencies"];

    /// <summary>Appends an object; null where none satisfies them.</summary>
    public int? Append(int from, IReadOnlyList<SchemaNode> schemas)
    {
        foreach (var schema in schemas)
        {
            foreach (var keyword in Unenforceable)
            {
                if (schema.Find(keyword) is not null)
                {
                    report.Leave(schema, keyword, "cannot be enforced; leave it out, or write the combinations that are allowed with anyOf");
                }
            }
        }

        if (names.Properties(schemas) is not { } properties)
        {
            return null;
        }

        var others = names.Others(schemas, properties);
        var least = schemas.Max(static schema => SchemaKeywords.Count(schema, "minProperties", JsonStringCompiler.MaxCount) ?? 0);
        var most = schemas.Min(static schema => SchemaKeywords.Count(schema, "maxProperties", int.MaxValue));
        if (properties.Count == 0)
        {
            return Members(from, others, least, most, schemas);
        }

        CheckCounts(schemas, properties, others, least, most);
        return Write(from, properties, others);
    }

    private int? Members(int from, IReadOnlyList<OtherProperties> others, int least, int? most, IReadOnlyList<SchemaNode> schemas)
    {
        if (most < least || (others.Count == 0 && least > 0))
        {
            report.Contradict($"{schemas[0]}/minProperties", "asks for more properties than there may be");
            return null;
        }

        foreach (var schema in schemas.Where(static schema => schema.Find("minProperties") is not null))
        {
            if (least > 1 && others.Count > 0)
            {
                report.Leave(schema, "minProperties", "cannot be enforced where names are open, since one of them may come twice; name the properties and make them required");
            }
        }

        return others.Count == 0
            ? json.Members(from, "{"u8, "}"u8, 0, 0, static at => at)
            : json.Members(from, "{"u8, "}"u8, least, most > JsonStringCompiler.MaxCount ? null : most, Other(others));
    }

    private void CheckCounts(
        IReadOnlyList<SchemaNode> schemas, IReadOnlyList<DeclaredProperty> properties, IReadOnlyList<OtherProperties> others, int least, int? most)
    {
        foreach (var schema in schemas)
        {
            if (schema.Find("minProperties") is not null && properties.Count(static property => property.IsRequired) < least)
            {
                report.Leave(schema, "minProperties", "cannot be enforced beside optional properties; make some required");
            }

            if (schema.Find("maxProperties") is not null && (others.Count > 0 || properties.Count > most))
            {
                report.Leave(schema, "maxProperties", "cannot be enforced beside optional properties; leave it out");
            }
        }
    }

    private int Write(int from, IReadOnlyList<DeclaredProperty> properties, IReadOnlyList<OtherProperties> others)
    {
        // A property comes either first or after a comma. Both ways meet before its name, so that it is written once.
        var first = (int?)json.Space(network.Literal(from, "{"u8));
        var later = (int?)null;
        foreach (var property in properties)
        {
            var name = Begin(first, later);
            var end = value(json.Colon(network.Literal(name, Encoding.UTF8.GetBytes(JsonFragments.Compact(property.Name)))), property.Set);
            var after = network.Add();
            network.Jump(end, after);
            if (property.IsRequired)
            {
                first = null;
            }
            else if (later is { } skipped)
            {
                network.Jump(skipped, after);
            }

            later = after;
        }

        if (others.Count > 0)
        {
            var name = Begin(first, later);
            var after = network.Add();
            network.Jump(Other(others)(name), after);
            network.Jump(json.Comma(after), name);
            network.Jump(later!.Value, after);
            later = after;
        }

        var close = network.Add();
        network.Jump(json.Space(later!.Value), close);
        if (first is { } empty)
        {
            network.Jump(empty, close);
        }

        return network.Literal(close, "}"u8);
    }

    private int Begin(int? first, int? later)
    {
        var name = network.Add();
        if (first is { } opening)
        {
            network.Jump(opening, name);
        }

        if (later is { } before)
        {
            network.Jump(json.Comma(before), name);
        }

        return name;
    }

    /// <summary>A property whose name stands nowhere; its parts are rules, for there may be many.</summary>
    private Func<int, int> Other(IReadOnlyList<OtherProperties> others)
    {
        var rules = others.Select(other => (
            Name: other.Names is { } start ? json.Rule(at => json.StringOf(at, names.Texts, start) ?? network.Add()) : (int?)null,
            Value: rule(other.Set))).ToList();
        return at => network.AnyOf(at, rules.Select(other => new Func<int, int>(
            before => network.Call(json.Colon(other.Name is { } name ? network.Call(before, name) : json.AnyString(before)), other.Value))));
    }
}
