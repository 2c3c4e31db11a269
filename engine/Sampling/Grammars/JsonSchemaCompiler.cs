using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Writes a JSON Schema as a network. Understood is what OpenAI's strict mode takes: the seven types, several of them, <c>enum</c>,
/// <c>const</c>, <c>anyOf</c>, <c>$ref</c> within the document (recursion too), <c>properties</c>, <c>required</c>,
/// <c>additionalProperties</c>, <c>items</c>, counts of items, lengths, <c>pattern</c>, <c>format</c> and numeric bounds.
/// Properties come in the order of the schema, undeclared ones only where none are declared. Every text allowed is valid; some
/// valid texts are not allowed. A keyword that is not understood is an error and never ignored.
/// </summary>
internal sealed class JsonSchemaCompiler
{
    private const int MaxRules = 2_000;
    private readonly JsonPointers _pointers;
    private readonly ByteNetwork _network;
    private readonly JsonFragments _json;
    private readonly JsonValueCompiler _values;
    private readonly Dictionary<string, int> _rules = new(StringComparer.Ordinal);
    private readonly Queue<(JsonElement Schema, SchemaPlace Place, int Start)> _open = new();

    private JsonSchemaCompiler(JsonElement document, ByteNetwork network)
    {
        _pointers = new JsonPointers(document);
        _network = network;
        _json = new JsonFragments(network);
        _values = new JsonValueCompiler(network, _json);
    }

    /// <summary>Appends JSON valid by <paramref name="schema"/>.</summary>
    /// <exception cref="GrammarException">The schema is malformed, contradicts itself, or uses what is not understood.</exception>
    public static int Append(ByteNetwork network, int from, string schema)
    {
        using var document = Parse(schema);
        var compiler = new JsonSchemaCompiler(document.RootElement, network);
        var to = compiler.Reference(from, "#", new SchemaPlace("#"));
        while (compiler._open.TryDequeue(out var rule))
        {
            network.EndRule(compiler.Schema(rule.Start, rule.Schema, rule.Place));
        }

        return to;
    }

    private static JsonDocument Parse(string schema)
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
            throw new GrammarException("#", $"the schema is not JSON: {e.Message}");
        }
    }

    private int Schema(int from, JsonElement schema, SchemaPlace place)
    {
        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                return _json.Value(from);
            case JsonValueKind.False:
                throw new GrammarException(place, "the schema false allows nothing");
            case not JsonValueKind.Object:
                throw new GrammarException(place, "a schema is an object, true or false");
        }

        SchemaKeywords.Check(schema, place);
        if (schema.TryGetProperty("$ref", out var reference))
        {
            SchemaKeywords.CheckAlone(schema, "$ref", place);
            return Reference(from, reference.ValueKind == JsonValueKind.String ? reference.GetString()! : "", place.At("$ref"));
        }

        if (schema.TryGetProperty("anyOf", out var anyOf))
        {
            SchemaKeywords.CheckAlone(schema, "anyOf", place);
            return AnyOf(from, anyOf, place.At("anyOf"));
        }

        if (schema.TryGetProperty("allOf", out var allOf))
        {
            SchemaKeywords.CheckAlone(schema, "allOf", place);
            return allOf.ValueKind == JsonValueKind.Array && allOf.GetArrayLength() == 1
                ? Schema(from, allOf[0], place.At("allOf").At("0"))
                : throw new GrammarException(place.At("allOf"), "is supported with one schema only; write their properties into one");
        }

        var types = SchemaKeywords.TypesOf(schema, place);
        if (schema.TryGetProperty("const", out var constant))
        {
            return _values.OneOf(from, [constant], types, place.At("const"));
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return values.ValueKind == JsonValueKind.Array
                ? _values.OneOf(from, values.EnumerateArray(), types, place.At("enum"))
                : throw new GrammarException(place.At("enum"), "is an array of values");
        }

        return types.Count == 0 ? _json.Value(from) : _network.AnyOf(from, types.Select(type => new Func<int, int>(at => OfType(at, schema, type, place))));
    }

    private int OfType(int from, JsonElement schema, string type, SchemaPlace place) => type switch
    {
        "object" => Object(from, schema, place),
        "array" => Items(from, schema, place),
        "string" => _values.String(from, schema, place),
        "integer" => _values.Integer(from, schema, place),
        "number" => _values.Number(from, schema, place),
        "boolean" => _json.Boolean(from),
        _ => _json.Null(from),
    };

    private int AnyOf(int from, JsonElement schemas, SchemaPlace place) => schemas.ValueKind == JsonValueKind.Array && schemas.GetArrayLength() > 0
        ? _network.AnyOf(from, schemas.EnumerateArray().Select((schema, i) => new Func<int, int>(at => Schema(at, schema, place.At(i.ToString(CultureInfo.InvariantCulture))))))
        : throw new GrammarException(place, "is an array of one schema or more");

    /// <summary>Calls the rule of a schema elsewhere in the document, to be written when its turn comes.</summary>
    private int Reference(int from, string reference, SchemaPlace place)
    {
        if (!_rules.TryGetValue(reference, out var rule))
        {
            var schema = _pointers.Find(reference)
                ?? throw new GrammarException(place, $"\"{reference}\" is not in the schema; references are of the form #/$defs/name");
            rule = Rule(schema, new SchemaPlace(reference));
            _rules.Add(reference, rule);
        }

        return _network.Call(from, rule);
    }

    private int Rule(JsonElement schema, SchemaPlace place)
    {
        if (_network.Rules.Count >= MaxRules)
        {
            throw new GrammarException(place, $"the schema needs more than {MaxRules} rules; use fewer references and arrays") { IsLimit = true };
        }

        var start = _network.BeginRule(out var rule);
        _open.Enqueue((schema, place, start));
        return rule;
    }

    private int Items(int from, JsonElement schema, SchemaPlace place)
    {
        var least = SchemaKeywords.Count(schema, "minItems", place, JsonValueCompiler.MaxCount) ?? 0;
        var most = SchemaKeywords.Count(schema, "maxItems", place, JsonValueCompiler.MaxCount);
        if (most < least)
        {
            throw new GrammarException(place.At("maxItems"), "is less than minItems");
        }

        if (!schema.TryGetProperty("items", out var items) || most == 0)
        {
            return _json.Array(from, least, most);
        }

        var item = Rule(items, place.At("items"));
        return _json.Array(from, least, most, at => _network.Call(at, item));
    }

    private int Object(int from, JsonElement schema, SchemaPlace place)
    {
        var hasOthers = schema.TryGetProperty("additionalProperties", out var others);
        var properties = Properties(schema, hasOthers ? others : null, place);
        if (properties.Count == 0)
        {
            if (hasOthers && others.ValueKind == JsonValueKind.False)
            {
                return _json.Members(from, "{"u8, "}"u8, 0, 0, at => at);
            }

            var value = hasOthers ? Rule(others, place.At("additionalProperties")) : (int?)null;
            return _json.Object(from, value is { } rule ? at => _network.Call(at, rule) : null);
        }

        // A property comes either first or after a comma. Both ways meet before its name, so that it is written once.
        var first = (int?)_json.Space(_network.Literal(from, "{"u8));
        var later = (int?)null;
        foreach (var property in properties)
        {
            var name = _network.Add();
            if (first is { } opening)
            {
                _network.Jump(opening, name);
            }

            if (later is { } before)
            {
                _network.Jump(_json.Comma(before), name);
            }

            var end = Schema(_json.Colon(_network.Literal(name, Encoding.UTF8.GetBytes(JsonFragments.Compact(property.Name)))), property.Schema, property.Place);
            var after = _network.Add();
            _network.Jump(end, after);
            if (property.IsRequired)
            {
                first = null;
            }
            else if (later is { } skipped)
            {
                _network.Jump(skipped, after);
            }

            later = after;
        }

        var close = _network.Add();
        _network.Jump(_json.Space(later!.Value), close);
        if (first is { } empty)
        {
            _network.Jump(empty, close);
        }

        return _network.Literal(close, "}"u8);
    }

    private static List<Property> Properties(JsonElement schema, JsonElement? others, SchemaPlace place)
    {
        var required = schema.TryGetProperty("required", out var list) ? Names(list, place.At("required")) : [];
        var wanted = required.ToHashSet(StringComparer.Ordinal);
        var properties = new OrderedDictionary<string, Property>(StringComparer.Ordinal);
        if (schema.TryGetProperty("properties", out var declared))
        {
            var declarations = place.At("properties");
            if (declared.ValueKind != JsonValueKind.Object)
            {
                throw new GrammarException(declarations, "is an object of schemas");
            }

            // Of several of one name the last counts.
            foreach (var property in declared.EnumerateObject())
            {
                properties[property.Name] = new(property.Name, property.Value, declarations.At(property.Name), wanted.Contains(property.Name));
            }
        }

        foreach (var name in required)
        {
            if (properties.ContainsKey(name))
            {
                continue;
            }

            if (others is { ValueKind: JsonValueKind.False })
            {
                throw new GrammarException(place.At("required"), $"\"{name}\" is not among the properties, and others are not allowed");
            }

            properties.Add(name, new(name, others ?? AnySchema, place.At("additionalProperties"), IsRequired: true));
        }

        return [.. properties.Values];
    }

    private static JsonElement AnySchema { get; } = JsonDocument.Parse("true").RootElement;

    private static List<string> Names(JsonElement list, SchemaPlace place) =>
        list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(name => name.GetString()!).Distinct()]
            : throw new GrammarException(place, "is an array of names");

    private sealed record Property(string Name, JsonElement Schema, SchemaPlace Place, bool IsRequired);
}
