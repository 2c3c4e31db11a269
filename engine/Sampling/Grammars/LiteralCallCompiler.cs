using System.Text;
using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Writes calls of tools whose arguments are literals of Python or of Gemma, as a network: arguments in the order of the schema, those that are not required or not. Of a schema
/// types, <c>enum</c>, <c>const</c>, <c>properties</c>, <c>required</c> and <c>items</c> are held, and all that is asked of numbers, and of texts in Python's form.
/// </summary>
internal sealed class LiteralCallCompiler
{
    // Values that are nested deeper may be any.
    private const int Deepest = 16;
    private const int LongestName = 64;

    private static readonly CodePointRange[] NameBegin = [new('A', 'Z'), new('_', '_'), new('a', 'z')];
    private static readonly CodePointRange[] NameCharacters = [.. NameBegin, new('0', '9')];

    private readonly ByteNetwork _network;
    private readonly TokenVocabulary _vocabulary;
    private readonly JsonFragments _json;
    private readonly LiteralForm _form;
    private readonly ToolSchemas _schemas;

    // Null where texts are as in JSON.
    private readonly string? _quote;
    private readonly int _text;
    private readonly int _any;

    private LiteralCallCompiler(ByteNetwork network, ToolSource source, TokenVocabulary vocabulary, List<string> unenforced)
    {
        (_network, _vocabulary, _form) = (network, vocabulary, LiteralForm.Of(source.Syntax));
        _quote = source.Syntax == CallSyntax.Gemma ? source.Quote ?? ToolCallMarks.GemmaQuote : null;
        _json = new JsonFragments(network);
        _json.Prepare();
        _schemas = new ToolSchemas(network, _json, unenforced);
        _text = _quote is null ? -1 : DelimitedText.Rule(network, vocabulary.Encode(_quote));
        _any = Any();
    }

    /// <summary>Appends a call of one of the tools.</summary>
    /// <exception cref="GrammarException">What must be enforced cannot be, or is too large.</exception>
    public static int Append(ByteNetwork network, int from, ToolSource source, TokenVocabulary vocabulary, List<string> unenforced)
    {
        var compiler = new LiteralCallCompiler(network, source, vocabulary, unenforced);
        var at = compiler.Mark(from, source.Before);
        at = network.AnyOf(at, source.Tools.Select(tool => new Func<int, int>(next => compiler.Arguments(compiler.Literal(next, tool.Name), tool))));
        return compiler.Mark(at, source.After);
    }

    private int Arguments(int from, ToolSource.Tool tool)
    {
        from = Literal(from, _form.Opening);
        using var schema = JsonSchemaCompiler.Parse(tool.Schema ?? "{}");
        if (ToolSchemas.Properties(schema.RootElement) is { } properties)
        {
            return Literal(Members(from, tool, "", properties, ToolSchemas.Required(schema.RootElement), name => name, _form.Assign), _form.Closing);
        }

        if (tool.Schema is not null)
        {
            _schemas.Leave(tool, "", "its parameters are not listed in 'properties'");
        }

        return Literal(List(from, at => _network.Call(Literal(AnyName(at), _form.Assign), _any)), _form.Closing);
    }

    /// <summary>Named values in order, with separators between those that are there.</summary>
    private int Members(int from, ToolSource.Tool tool, string place, JsonElement properties, HashSet<string> required, Func<string, string> write, string assign, int depth = 0)
    {
        // Where none came yet, and where some did; -1 where it cannot be.
        var (none, some) = (from, -1);
        foreach (var property in properties.EnumerateObject())
        {
            var name = write(property.Name);
            if (!IsName(property.Name))
            {
                _schemas.Leave(tool, $"{place}/properties/{property.Name}", "such a name cannot be written");
                continue;
            }

            var value = Value(tool, $"{place}/properties/{property.Name}", property.Value, depth + 1);
            var isOptional = !required.Contains(property.Name);
            var to = _network.Add();
            if (none >= 0)
            {
                _network.Jump(_network.Call(Literal(none, name + assign), value), to);
            }

            if (some >= 0)
            {
                _network.Jump(_network.Call(Literal(some, _form.Separator + name + assign), value), to);
                if (isOptional)
                {
                    _network.Jump(some, to);
                }
            }

            (none, some) = (isOptional ? none : -1, to);
        }

        var end = _network.Add();
        foreach (var last in new[] { none, some }.Where(static node => node >= 0))
        {
            _network.Jump(last, end);
        }

        return end;
    }

    /// <summary>The rule of a value.</summary>
    private int Value(ToolSource.Tool tool, string place, JsonElement schema, int depth)
    {
        if (depth > Deepest)
        {
            _schemas.Leave(tool, place, $"it is nested more than {Deepest} times");
            return _any;
        }

        if (ToolSchemas.Choices(schema) is { } choices)
        {
            return Rule(at => _network.AnyOf(at, choices.Select(choice => new Func<int, int>(next => Constant(next, choice)))));
        }

        switch (ToolSchemas.Type(schema))
        {
            case "string" when _quote is not null:
                _schemas.LeaveOthers(tool, place, schema, "a text that stands as it is cannot be held to it");
                return Rule(Text);
            case "string" or "integer" or "number":
                return _schemas.JsonRule(tool, place, schema);
            case "boolean":
                return Rule(at => _network.Texts(at, [Encoding.UTF8.GetBytes(_form.True), Encoding.UTF8.GetBytes(_form.False)]));
            case "null":
                return Rule(at => Literal(at, _form.Null));
            case "array" when schema.TryGetProperty("items", out var items):
                _schemas.LeaveOthers(tool, place, schema, "a list in this model's calls cannot be held to it", "items");
                var item = Value(tool, place + "/items", items, depth + 1);
                return Rule(at => Literal(List(Literal(at, "["), next => _network.Call(next, item)), "]"));
            case "object" when ToolSchemas.Properties(schema) is { } properties:
                _schemas.LeaveOthers(tool, place, schema, "an object in this model's calls cannot be held to it", "properties", "required", "additionalProperties");
                var required = ToolSchemas.Required(schema);
                return Rule(at => Literal(Members(Literal(at, "{"), tool, place, properties, required, Key, KeyAssign, depth), "}"));
            default:
                if (schema.ValueKind == JsonValueKind.Object)
                {
                    foreach (var keyword in schema.EnumerateObject().Where(static keyword => keyword.Name is not ("title" or "description" or "default" or "examples")))
                    {
                        _schemas.Leave(tool, $"{place}/{keyword.Name}", "a value in this model's calls cannot be held to it");
                    }
                }

                return _any;
        }
    }

    // Within objects keys are texts in Python's form, and as they are in Gemma's.
    private string Key(string name) => _quote is null ? JsonFragments.Compact(name) : name;

    private string KeyAssign => _quote is null ? ": " : _form.Assign;

    private int Constant(int from, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when _quote is null => Literal(from, JsonFragments.Compact(value.GetString()!)),
        JsonValueKind.String => Mark(Literal(Mark(from, _quote), value.GetString()!), _quote),
        JsonValueKind.True => Literal(from, _form.True),
        JsonValueKind.False => Literal(from, _form.False),
        JsonValueKind.Null => Literal(from, _form.Null),
        JsonValueKind.Array => Literal(Each(Literal(from, "["), value.EnumerateArray(), Constant), "]"),
        JsonValueKind.Object => Literal(
            Each(Literal(from, "{"), value.EnumerateObject(), (at, member) => Constant(Literal(at, Key(member.Name) + KeyAssign), member.Value)), "}"),
        _ => Literal(from, value.GetRawText()),
    };

    private int Each<T>(int from, IEnumerable<T> values, Func<int, T, int> write)
    {
        var isFirst = true;
        foreach (var value in values)
        {
            from = write(isFirst ? from : Literal(from, _form.Separator), value);
            isFirst = false;
        }

        return from;
    }

    /// <summary>The rule of any value.</summary>
    private int Any()
    {
        var start = _network.BeginRule(out var rule);
        Func<int, int> value = at => _network.Call(at, rule);
        Func<int, int>[] ways =
        [
            Text,
            _json.Number,
            at => _network.Texts(at, new[] { _form.True, _form.False, _form.Null }.Select(Encoding.UTF8.GetBytes)),
            at => Literal(List(Literal(at, "["), value), "]"),
            at => Literal(List(Literal(at, "{"), next => value(Literal(_quote is null ? _json.AnyString(next) : AnyName(next), KeyAssign))), "}"),
        ];
        _network.EndRule(_network.AnyOf(start, ways));
        return rule;
    }

    private int Text(int from) => _quote is null ? _json.AnyString(from) : _network.Call(Mark(from, _quote), _text);

    private int AnyName(int from) => _network.Repeat(_network.CodePoint(from, NameBegin), 0, LongestName - 1, at => _network.CodePoint(at, NameCharacters));

    private int List(int from, Func<int, int> item)
    {
        var to = _network.Add();
        _network.Jump(from, to);
        _network.Jump(_network.Repeat(item(from), 0, null, at => item(Literal(at, _form.Separator))), to);
        return to;
    }

    private int Rule(Func<int, int> part)
    {
        var start = _network.BeginRule(out var rule);
        _network.EndRule(part(start));
        return rule;
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private int Literal(int from, string text) => _network.Literal(from, Encoding.UTF8.GetBytes(text));

    private int Mark(int from, string text) => _network.Literal(from, _vocabulary.Encode(text));
}
