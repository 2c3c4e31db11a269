using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Writes calls of tools whose arguments are elements, as a network: parameters in the order of the schema, those that are not required or not. Texts stand as
/// they are, so that of what a schema asks of them only <c>enum</c> and <c>const</c> are held; other values are JSON by their schemas.
/// </summary>
internal sealed class XmlCallCompiler
{
    private const string Closing = "\n</parameter>";
    private const int LongestName = 64;

    private static readonly string[] Held = ["type", "enum", "const", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"];
    private static readonly CodePointRange[] NameCharacters = [new('-', '.'), new('0', '9'), new('A', 'Z'), new('_', '_'), new('a', 'z')];

    private readonly ByteNetwork _network;
    private readonly JsonFragments _json;
    private readonly List<string> _unenforced;
    private readonly int _text;

    private XmlCallCompiler(ByteNetwork network, List<string> unenforced)
    {
        (_network, _unenforced) = (network, unenforced);
        _json = new JsonFragments(network);
        _json.Prepare();
        _text = Text();
    }

    /// <summary>Appends a call of one of the tools.</summary>
    /// <exception cref="GrammarException">What must be enforced cannot be, or is too large.</exception>
    public static int Append(ByteNetwork network, int from, ToolSource source, List<string> unenforced)
    {
        var compiler = new XmlCallCompiler(network, unenforced);
        var at = compiler.Literal(from, source.Before + "<function=");
        at = network.AnyOf(at, source.Tools.Select(tool => new Func<int, int>(next => compiler.Parameters(compiler.Literal(next, tool.Name + ">\n"), tool))));
        return compiler.Literal(at, "</function>" + source.After);
    }

    private int Parameters(int from, ToolSource.Tool tool)
    {
        using var schema = JsonSchemaCompiler.Parse(tool.Schema ?? "{}");
        if (schema.RootElement.ValueKind != JsonValueKind.Object || !schema.RootElement.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
        {
            if (tool.Schema is not null)
            {
                Leave(tool, "", "its parameters are not listed in 'properties'");
            }

            return _network.Repeat(from, 0, null, AnyParameter);
        }

        var required = schema.RootElement.TryGetProperty("required", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(static name => name.ValueKind == JsonValueKind.String).Select(static name => name.GetString()!).ToHashSet(StringComparer.Ordinal)
            : [];
        foreach (var property in properties.EnumerateObject())
        {
            if (property.Name.AsSpan().IndexOfAny('>', '\n') >= 0 || property.Name.Length == 0)
            {
                Leave(tool, property.Name, "a name with '>' or a line end cannot be written");
                continue;
            }

            var to = Parameter(from, tool, property.Name, property.Value);
            if (!required.Contains(property.Name))
            {
                var either = _network.Add();
                _network.Jump(from, either);
                _network.Jump(to, either);
                to = either;
            }

            from = to;
        }

        return from;
    }

    private int AnyParameter(int from)
    {
        var name = _network.Repeat(Literal(from, "<parameter="), 1, LongestName, at => _network.CodePoint(at, NameCharacters));
        return Literal(_network.Call(Literal(name, ">\n"), _text), "\n");
    }

    private int Parameter(int from, ToolSource.Tool tool, string name, JsonElement schema)
    {
        from = Literal(from, $"<parameter={name}>\n");
        if (Choices(schema) is { } choices)
        {
            return Literal(_network.Texts(from, choices.Select(Encoding.UTF8.GetBytes)), Closing + "\n");
        }

        if (IsText(schema))
        {
            foreach (var keyword in schema.EnumerateObject().Where(static keyword => !Held.Contains(keyword.Name)))
            {
                Leave(tool, $"/properties/{name}/{keyword.Name}", "a text that stands as it is cannot be held to it");
            }

            return Literal(_network.Call(from, _text), "\n");
        }

        return Literal(_network.Call(from, Value(tool, name, schema)), Closing + "\n");
    }

    /// <summary>A rule of a JSON value.</summary>
    private int Value(ToolSource.Tool tool, string name, JsonElement schema)
    {
        var start = _network.BeginRule(out var rule);
        var mark = _network.Mark();
        try
        {
            var report = new SchemaReport($"{tool.Field}/properties/{name}", tool.IsStrict);
            var end = JsonSchemaCompiler.Append(_network, _json, start, schema, report);
            _network.EndRule(end);
            if (NetworkEnds.Of(_network)[start])
            {
                _unenforced.AddRange(report.Unenforced);
                return rule;
            }

            throw new GrammarException(tool.Field, $"/properties/{name}: no finite text satisfies it");
        }
        catch (GrammarException e) when (!tool.IsStrict && !e.IsTimeLimit)
        {
            _network.Rollback(mark, start);
            _json.Rollback(mark);
            _unenforced.Add($"{tool.Field}/properties/{name}");
            _network.EndRule(_json.Value(start));
            return rule;
        }
        catch (GrammarException e) when (tool.IsStrict)
        {
            throw new GrammarException(tool.Field, e.Message) { IsLimit = e.IsLimit, IsTimeLimit = e.IsTimeLimit };
        }
    }

    /// <summary>The rule of any text up to the closing of a parameter, with that: a state for each beginning of the closing that the text may end with.</summary>
    private int Text()
    {
        var start = _network.BeginRule(out var rule);
        int[] states = [start, .. Enumerable.Range(0, Closing.Length).Select(_ => _network.Add())];
        for (var state = 0; state < Closing.Length; state++)
        {
            foreach (var c in Enumerable.Range(' ', 0x7F - ' ').Append('\n').Append('\t'))
            {
                _network.Bytes(states[state], (byte)c, (byte)c, states[After(state, (char)c)]);
            }

            Utf8Ranges.Append(_network, states[state], 0x80, 0xD7FF, start);
            Utf8Ranges.Append(_network, states[state], 0xE000, 0x10FFFF, start);
        }

        _network.EndRule(states[^1]);
        return rule;
    }

    /// <summary>How much of the closing a text ends with that ended with <paramref name="state"/> characters of it, and goes on with <paramref name="c"/>.</summary>
    private static int After(int state, char c)
    {
        var text = Closing[..state] + c;
        for (var length = Math.Min(text.Length, Closing.Length); length > 0; length--)
        {
            if (text.EndsWith(Closing[..length], StringComparison.Ordinal))
            {
                return length;
            }
        }

        return 0;
    }

    private static bool IsText(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "string";

    private static string[]? Choices(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        JsonElement[]? values = schema.TryGetProperty("const", out var only) ? [only]
            : schema.TryGetProperty("enum", out var some) && some.ValueKind == JsonValueKind.Array ? [.. some.EnumerateArray()]
            : null;
        return values is { Length: > 0 } && values.All(static value => value.ValueKind == JsonValueKind.String && !value.GetString()!.Contains("</parameter>", StringComparison.Ordinal))
            ? [.. values.Select(static value => value.GetString()!)]
            : null;
    }

    private void Leave(ToolSource.Tool tool, string place, string fault)
    {
        if (tool.IsStrict)
        {
            throw new GrammarException(tool.Field, $"{place}: {fault}");
        }

        _unenforced.Add(tool.Field + place);
    }

    private int Literal(int from, string text) => _network.Literal(from, Encoding.UTF8.GetBytes(text));
}
