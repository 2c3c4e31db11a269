using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Strings by what several schemas say of them: lengths, expressions and formats, all together.</summary>
internal sealed class JsonStringCompiler(ByteNetwork network, JsonFragments json, SchemaReport report)
{
    /// <summary>Largest count of items or characters.</summary>
    public const int MaxCount = 10_000;

    /// <summary>Appends a string; null where none satisfies them.</summary>
    public int? Append(int from, IReadOnlyList<SchemaNode> schemas)
    {
        var form = Read(schemas);
        if (form.Most < form.Least)
        {
            report.Contradict($"{schemas.First(static schema => schema.Find("maxLength") is not null)}/maxLength", "is less than minLength");
            return null;
        }

        if (form.Expressions.Count == 0)
        {
            return form.Least == 0 && form.Most is null ? json.AnyString(from) : json.StringOfLength(from, form.Least, form.Most);
        }

        if (form is { Expressions: [{ LooksAhead: false } only], Least: 0, Most: null })
        {
            return json.StringMatching(from, only);
        }

        var texts = new TextAutomaton(network.Meter);
        var to = json.StringOf(from, texts, Build(texts, form));
        if (to is null)
        {
            report.Contradict(schemas[0].ToString(), "no text has the lengths and satisfies the pattern and the format");
        }

        return to;
    }

    /// <summary>The strings that satisfy schemas, as a set of <paramref name="texts"/>; null where they say nothing of strings.</summary>
    public int? Build(TextAutomaton texts, IReadOnlyList<SchemaNode> schemas) =>
        Read(schemas) is var form && form is { Expressions: [], Least: 0, Most: null } ? null : Build(texts, form);

    /// <summary>Whether schemas allow a string.</summary>
    public bool Allow(IReadOnlyList<SchemaNode> schemas, string value)
    {
        var texts = new TextAutomaton(network.Meter);
        return Build(texts, schemas) is not { } start || texts.Matches(start, value);
    }

    /// <summary>The expression of a schema's pattern, or of a name among the pattern's; null where it cannot be enforced, which is told.</summary>
    public RegexNode? Pattern(SchemaNode schema, string keyword, string expression)
    {
        try
        {
            return RegexParser.ParseAnywhere(expression);
        }
        catch (GrammarException fault)
        {
            report.Leave(schema, keyword, fault.Message);
            return null;
        }
    }

    private static int Build(TextAutomaton texts, Form form)
    {
        var (least, most) = (form.Least, form.Most);
        int? start = null;
        foreach (var expression in form.Expressions)
        {
            var matched = texts.Build(expression, texts.End);
            start = start is { } before ? texts.Both(before, matched) : matched;
            var (shortest, longest) = expression.Lengths;

            // What an expression sees to by itself need not be counted.
            least = shortest >= least ? 0 : least;
            most = longest <= most ? null : most;
        }

        return start is { } all && least == 0 && most is null ? all
            : start is { } some ? texts.Both(some, texts.OfLength(least, most))
            : texts.OfLength(least, most);
    }

    private Form Read(IReadOnlyList<SchemaNode> schemas)
    {
        var form = new Form([], 0, null);
        foreach (var schema in schemas)
        {
            form = form with
            {
                Least = Math.Max(form.Least, SchemaKeywords.Count(schema, "minLength", MaxCount) ?? 0),
                Most = Least(form.Most, Longest(schema)),
            };
            if (schema.Find("pattern") is { } pattern
                && Pattern(schema, "pattern", pattern.Element.ValueKind == JsonValueKind.String ? pattern.Element.GetString()! : throw new GrammarException(pattern, "is text")) is { } expression)
            {
                form.Expressions.Add(expression);
            }

            if (schema.Find("format") is { } format && format.Element.ValueKind == JsonValueKind.String && !StringFormats.IsAnnotation(format.Element.GetString()!))
            {
                if (StringFormats.Find(format.Element.GetString()!, isPartOnly: schemas.Any(static one => one.Find("pattern") is not null)) is { } known)
                {
                    form.Expressions.Add(known);
                }
                else
                {
                    report.Leave(schema, "format", $"{format.Element.GetRawText()} is not supported; understood are {string.Join(", ", StringFormats.Names)}");
                }
            }
        }

        return form;
    }

    // No output is longer than what is written here.
    private static int? Longest(SchemaNode schema) =>
        SchemaKeywords.Count(schema, "maxLength", int.MaxValue) is { } most ? Math.Min(most, MaxCount) : null;

    private static int? Least(int? one, int? other) => one is { } first && other is { } second ? Math.Min(first, second) : one ?? other;

    private sealed record Form(List<RegexNode> Expressions, int Least, int? Most);
}
