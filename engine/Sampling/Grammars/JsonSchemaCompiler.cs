using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Writes a JSON Schema as a network. Enforced are the types, <c>enum</c>, <c>const</c>, references within the document (recursion too),
/// <c>allOf</c>, <c>anyOf</c>, <c>oneOf</c> of schemas that exclude each other, all side by side; properties with names by pattern and
/// others; items, tuples and counts of items; lengths, <c>pattern</c> and <c>format</c> together; bounds of numbers and <c>multipleOf</c>.
/// Properties come in the order of the schema. Every text allowed is valid; some valid texts are not allowed. A keyword that constrains
/// and cannot be enforced is told to the <see cref="SchemaReport"/>; any other is an annotation.
/// </summary>
internal sealed class JsonSchemaCompiler
{
    private const int MaxRules = 2_000;
    private static readonly JsonElement AnObject = JsonElement.Parse("""{"type":"object"}""");
    private readonly ByteNetwork _network;
    private readonly JsonFragments _json;
    private readonly SchemaReport _report;
    private readonly SchemaDocument _document;
    private readonly SchemaOpener _opener;
    private readonly SchemaValues _values;
    private readonly SchemaExclusion _exclusion;
    private readonly JsonStringCompiler _strings;
    private readonly JsonArrayCompiler _arrays;
    private readonly JsonObjectCompiler _objects;
    private readonly Dictionary<string, int> _rules = new(StringComparer.Ordinal);
    private readonly Queue<(SchemaSet Set, int Start)> _open = new();

    private JsonSchemaCompiler(JsonElement schema, ByteNetwork network, JsonFragments json, SchemaReport report)
    {
        (_network, _json, _report) = (network, json, report);
        _document = new SchemaDocument(schema, network.Meter);
        _opener = new SchemaOpener(_document, report, network.Meter);
        _strings = new JsonStringCompiler(network, json, report);
        _values = new SchemaValues(_opener, _strings);
        _exclusion = new SchemaExclusion(_opener, network.Meter);
        _arrays = new JsonArrayCompiler(json, report, Rule);
        _objects = new JsonObjectCompiler(network, json, report, new PropertyNames(report, _opener, _values, _strings, network.Meter), Rule, Value);
    }

    /// <summary>Appends JSON valid by <paramref name="schema"/>.</summary>
    /// <exception cref="GrammarException">The schema is malformed, or the report takes nothing that is left out.</exception>
    public static int Append(ByteNetwork network, JsonFragments json, int from, JsonElement schema, SchemaReport report)
    {
        var compiler = new JsonSchemaCompiler(schema, network, json, report);
        return compiler.Append(from, new SchemaSet(compiler._document.Root));
    }

    /// <summary>Appends a JSON object valid by <paramref name="schema"/>, whether or not that says that it is one.</summary>
    /// <exception cref="GrammarException">The schema is malformed, or the report takes nothing that is left out.</exception>
    public static int AppendObject(ByteNetwork network, JsonFragments json, int from, JsonElement schema, SchemaReport report)
    {
        var compiler = new JsonSchemaCompiler(schema, network, json, report);
        var root = SchemaClause.Whole(compiler._document.Root);
        var isObject = root.Node.IsObject && root.Node.Find("type")?.Element is { ValueKind: JsonValueKind.String } type && type.GetString() == "object";
        return compiler.Append(from, new SchemaSet(isObject ? [root] : [root, SchemaClause.Whole(compiler._document.Beside(AnObject))]));
    }

    private int Append(int from, SchemaSet all)
    {
        var to = _network.Call(from, Rule(all));
        while (_open.TryDequeue(out var rule))
        {
            _network.EndRule(Schema(rule.Start, rule.Set));
        }

        return to;
    }

    /// <summary>Reads the text of a schema.</summary>
    /// <exception cref="GrammarException">It is not JSON.</exception>
    public static JsonDocument Parse(string schema)
    {
        try
        {
            var document = JsonDocument.Parse(schema);
            JsonText.Check(document.RootElement);
            return document;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Half of a surrogate pair, which is no text, may also stand there as it is.
            throw new GrammarException("#", $"the schema is not JSON: {JsonText.Say(e)}");
        }
    }

    /// <summary>A value that satisfies a set: written here, or by a rule where the set may come again.</summary>
    private int Value(int from, SchemaSet set)
    {
        if (set.Single is not { } schema)
        {
            return _network.Call(from, Rule(set));
        }

        // A part of the document that refers to nothing comes to an end.
        return schema.IsObject && (schema.Find("$ref") is not null || schema.Find("allOf") is not null)
            ? _network.Call(from, Rule(set))
            : Schema(from, set);
    }

    /// <summary>The rule of a set, to be written when its turn comes.</summary>
    private int Rule(SchemaSet set)
    {
        if (set.Single is { } schema && _opener.Follow(schema) is var followed && followed.Id != schema.Id)
        {
            set = new SchemaSet(followed);
        }

        if (!_rules.TryGetValue(set.Key, out var rule))
        {
            if (_rules.Count >= MaxRules)
            {
                throw new GrammarException(_document.Root, $"the schema needs more than {MaxRules} rules; use fewer references and arrays") { IsLimit = true };
            }

            _network.Meter.AddBytes(set.Key.Length * 2);
            _open.Enqueue((set, _network.BeginRule(out rule)));
            _rules.Add(set.Key, rule);
        }

        return rule;
    }

    private int Schema(int from, SchemaSet set)
    {
        var parts = _opener.Open(set);
        if (parts.Nothing is { } nothing)
        {
            return Nowhere(nothing.ToString(), nothing.IsObject ? "the schema allows nothing" : "the schema false allows nothing");
        }

        return parts.Choices.Count > 0 ? OneOf(from, parts)
            : parts.Own.Count > 0 ? Own(from, parts.Own)
            : _json.Value(from);
    }

    /// <summary>One schema of a choice, together with all else that holds.</summary>
    private int OneOf(int from, SchemaParts parts)
    {
        var choice = parts.Choices[0];
        if (choice.Name == "oneOf" && !_exclusion.AllExclude(choice))
        {
            _report.Leave(choice.Parent!, "oneOf", "its schemas may hold at once, which cannot be ruled out; use anyOf, or a property that differs in all of them");
        }

        SchemaClause[] others =
        [
            .. parts.Own.Select(static schema => new SchemaClause(schema, SchemaClauseKind.Own)),
            .. parts.Choices.Skip(1).Select(static schemas => new SchemaClause(schemas, SchemaClauseKind.Choice)),
        ];
        return _network.AnyOf(from, choice.Children.Select(option => new Func<int, int>(at => Value(at, new SchemaSet([.. others, SchemaClause.Whole(option)])))));
    }

    private int Own(int from, List<SchemaNode> schemas)
    {
        var types = SchemaKeywords.TypesOf(schemas);
        var given = schemas.Where(static schema => schema.Find("const") is not null || schema.Find("enum") is not null).ToList();
        if (given.Count > 0)
        {
            return Given(from, given, schemas, types);
        }

        foreach (var schema in schemas)
        {
            foreach (var keyword in SchemaKeywords.Unenforceable)
            {
                if (schema.Find(keyword) is { } value && !(keyword == "not" && IsType(value)) && !(keyword == "if" && schema.Find("then") is null && schema.Find("else") is null))
                {
                    _report.Leave(schema, keyword, "cannot be enforced; leave it out, or write what is allowed");
                }
            }
        }

        return types is null ? _json.Value(from)
            : types.Count == 0 ? Nowhere($"{schemas[0]}/type", "no type is allowed by all that has to hold")
            : _network.AnyOf(from, types.Select(type => new Func<int, int>(at => OfType(at, type, schemas))));

        static bool IsType(SchemaNode not) => not.IsObject && not.Element.EnumerateObject().Take(2).ToArray() is [{ Name: "type" }];
    }

    /// <summary>One of the values given that satisfy everything.</summary>
    private int Given(int from, List<SchemaNode> given, List<SchemaNode> schemas, IReadOnlyList<string>? types)
    {
        var texts = new List<byte[]>();
        var listing = given[0].Find("const") is null ? given[0] : null;
        foreach (var value in Values(given[0]))
        {
            _network.Meter.Work();
            if (SchemaKeywords.IsOfType(value, types) && _values.Allow(schemas, value, listing))
            {
                texts.Add(Encoding.UTF8.GetBytes(JsonFragments.Compact(value)));
            }
        }

        return texts.Count > 0
            ? _network.Texts(from, texts)
            : Nowhere($"{given[0]}/{(given[0].Find("const") is null ? "enum" : "const")}", types is null ? "has no value that is allowed" : $"has no value of type {string.Join(" or ", types)} that is allowed");
    }

    private static List<JsonElement> Values(SchemaNode schema) => schema.Find("const") is { } constant ? [constant.Element]
        : schema.Element.GetProperty("enum") is { ValueKind: JsonValueKind.Array } values ? [.. values.EnumerateArray()]
        : throw new GrammarException($"{schema}/enum", "is an array of values");

    private int OfType(int from, string type, List<SchemaNode> schemas)
    {
        int? to = type switch
        {
            "object" => _objects.Append(from, schemas),
            "array" => _arrays.Append(from, schemas),
            "string" => _strings.Append(from, schemas),
            "integer" or "number" => JsonNumbers.Append(_network, _json, from, schemas, isInteger: type == "integer", _report),
            "boolean" => _json.Boolean(from),
            _ => _json.Null(from),
        };
        return to ?? _network.Add();
    }

    /// <summary>A place that is never come to, since nothing satisfies what it is for.</summary>
    private int Nowhere(string place, string fault)
    {
        _report.Contradict(place, fault);
        return _network.Add();
    }
}
