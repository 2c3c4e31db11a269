using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Writes calls of tools whose arguments are elements, as a network: parameters in the order of the schema, those that are not required or not. Texts stand as
/// they are, so that of what a schema asks of them only <c>enum</c> and <c>const</c> are held; other values are JSON by their schemas.
/// </summary>
internal sealed class ElementCallCompiler
{
    private const int LongestName = 64;

    private static readonly CodePointRange[] NameCharacters = [new('-', '.'), new('0', '9'), new('A', 'Z'), new('_', '_'), new('a', 'z')];

    private readonly ByteNetwork _network;
    private readonly TokenVocabulary _vocabulary;
    private readonly ElementForm _form;
    private readonly ToolSchemas _schemas;
    private readonly int _text;

    private ElementCallCompiler(ByteNetwork network, TokenVocabulary vocabulary, ElementForm form, List<string> unenforced)
    {
        (_network, _vocabulary, _form) = (network, vocabulary, form);
        var json = new JsonFragments(network);
        json.Prepare();
        _schemas = new ToolSchemas(network, json, unenforced);
        _text = DelimitedText.Rule(network, vocabulary.Encode(form.Closing));
    }

    /// <summary>Appends a call of one of the tools.</summary>
    /// <exception cref="GrammarException">What must be enforced cannot be, or is too large.</exception>
    public static int Append(ByteNetwork network, int from, ToolSource source, TokenVocabulary vocabulary, List<string> unenforced)
    {
        var form = ElementForm.Of(source.Syntax);
        var compiler = new ElementCallCompiler(network, vocabulary, form, unenforced);
        var at = compiler.Mark(from, source.Before + form.Function);
        at = network.AnyOf(at, source.Tools.Select(tool => new Func<int, int>(next => compiler.Parameters(compiler.Mark(compiler.Literal(next, tool.Name), form.BehindFunction), tool))));
        return compiler.Mark(at, form.End + source.After);
    }

    private int Parameters(int from, ToolSource.Tool tool)
    {
        using var schema = JsonSchemaCompiler.Parse(tool.Schema ?? "{}");
        if (ToolSchemas.Properties(schema.RootElement) is not { } properties)
        {
            if (tool.Schema is not null)
            {
                _schemas.Leave(tool, "", "its parameters are not listed in 'properties'");
            }

            return _network.Repeat(from, 0, null, AnyParameter);
        }

        var required = ToolSchemas.Required(schema.RootElement);
        foreach (var property in properties.EnumerateObject())
        {
            if (property.Name.AsSpan().IndexOfAny(_form.Excluded) >= 0 || property.Name.Length == 0)
            {
                _schemas.Leave(tool, property.Name, $"a name with '{_form.Excluded[0]}' or a line end cannot be written");
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
        var name = _network.Repeat(Mark(from, _form.Parameter), 1, LongestName, at => _network.CodePoint(at, NameCharacters));
        return Literal(_network.Call(Mark(name, _form.BehindParameter), _text), "\n");
    }

    private int Parameter(int from, ToolSource.Tool tool, string name, JsonElement schema)
    {
        from = Mark(Literal(Mark(from, _form.Parameter), name), _form.BehindParameter);
        if (Choices(schema) is { } choices)
        {
            return Mark(_network.Texts(from, choices.Select(Encoding.UTF8.GetBytes)), _form.Closing + "\n");
        }

        if (ToolSchemas.Type(schema) == "string")
        {
            _schemas.LeaveOthers(tool, $"/properties/{name}", schema, "a text that stands as it is cannot be held to it");
            return Literal(_network.Call(from, _text), "\n");
        }

        return Mark(_network.Call(from, _schemas.JsonRule(tool, $"/properties/{name}", schema)), _form.Closing + "\n");
    }

    private string[]? Choices(JsonElement schema)
    {
        var closing = _form.Closing.Trim();
        return ToolSchemas.Choices(schema) is { } values && Array.TrueForAll(values, value => value.ValueKind == JsonValueKind.String && !value.GetString()!.Contains(closing, StringComparison.Ordinal))
            ? [.. values.Select(static value => value.GetString()!)]
            : null;
    }

    private int Literal(int from, string text) => _network.Literal(from, Encoding.UTF8.GetBytes(text));

    private int Mark(int from, string text) => _network.Literal(from, _vocabulary.Encode(text));
}
