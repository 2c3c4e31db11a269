using System.Text.Json;

namespace Crescent.Engine.Model.ToolCalls;

/// <summary>
/// Reads the JSON object of one call, <c>{"name": …, "arguments": {…}}</c>, character by character from the parser's buffer. The
/// arguments may be called <c>parameters</c>; an <c>id</c> is taken; other keys are passed over, and of equal ones the first counts.
/// </summary>
internal struct CallReader(bool firstKeyDecides)
{
    private JsonScanner _scanner;
    private Key _key;
    private int _keyStart;
    private int _valueStart;
    private bool _anyKey;
    private bool _inArguments;
    private char _argumentsFirst;

    private enum Key
    {
        Other,
        Name,
        Id,
        Arguments,
    }

    /// <summary>Whether the object is closed.</summary>
    public bool IsComplete { get; private set; }

    public string? Name { get; private set; }

    public string? Id { get; private set; }

    /// <summary>Whether the arguments have begun.</summary>
    public readonly bool HasArguments => _argumentsFirst != default;

    /// <summary>Whether the arguments are an object, so that their characters can leave as they come.</summary>
    public readonly bool HasObject => _argumentsFirst == '{';

    /// <summary>Where the arguments begin in the buffer.</summary>
    public int ArgumentsStart { get; private set; }

    /// <summary>Behind the last character of the arguments, once <see cref="ArgumentsEnded"/>.</summary>
    public int ArgumentsEnd { get; private set; }

    public bool ArgumentsEnded { get; private set; }

    /// <summary>Takes the character at <paramref name="index"/> of the buffer; false when the call is malformed.</summary>
    public bool Read(ReadOnlySpan<char> buffer, int index)
    {
        var c = buffer[index];
        var (before, depth) = (_scanner.State, _scanner.Depth);
        if (!_scanner.Read(c) || (depth == 0 && c != '{'))
        {
            return false;
        }

        if (depth != 1)
        {
            if (depth == 2 && _scanner.Depth == 1)
            {
                EndValue(buffer, index + 1);
            }

            return true;
        }

        switch (before)
        {
            case JsonState.FirstKey or JsonState.Key when c == '"':
                _keyStart = index + 1;
                break;
            case JsonState.KeyText when _scanner.State == JsonState.Colon:
                if (!AcceptKey(buffer[_keyStart..index]))
                {
                    return false;
                }

                break;
            case JsonState.Value when _scanner.State != JsonState.Value:
                BeginValue(buffer, index);
                break;
            case JsonState.Text or JsonState.Literal when _scanner.State == JsonState.After:
                EndValue(buffer, index + 1);
                break;
            case JsonState.Zero or JsonState.Digits or JsonState.Fraction or JsonState.Exponent when !IsNumber(_scanner.State):
                EndValue(buffer, index);
                break;
        }

        IsComplete = _scanner.Depth == 0;
        return !IsComplete || Name is { Length: > 0 };
    }

    /// <summary>The arguments' JSON as the model wrote it; null when they are neither an object nor a text of one.</summary>
    public readonly string? Arguments(ReadOnlySpan<char> buffer)
    {
        if (!HasArguments)
        {
            return "{}";
        }

        var text = buffer[ArgumentsStart..ArgumentsEnd];
        return _argumentsFirst switch
        {
            '{' => text.ToString(),
            'n' => "{}",
            '"' when Unescape(text) is { } inner && IsObjectText(inner) => inner,
            _ => null,
        };
    }

    private static bool IsNumber(JsonState state) => state is >= JsonState.Minus and <= JsonState.Exponent;

    private static string? Unescape(ReadOnlySpan<char> literal)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(literal);
        }
        catch (JsonException)
        {
            // Half a surrogate pair, written as an escape: JSON, but no text.
            return null;
        }
    }

    private static bool IsObjectText(string text)
    {
        var scanner = default(JsonScanner);
        var start = text.AsSpan().TrimStart(" \n\r\t");
        if (start.IsEmpty || start[0] != '{')
        {
            return false;
        }

        foreach (var c in start)
        {
            if (!scanner.Read(c))
            {
                return false;
            }
        }

        return scanner.Depth == 0;
    }

    // Where nothing but the object marks a call, an answer in JSON of another kind should not be held back to its end.
    private bool AcceptKey(ReadOnlySpan<char> key)
    {
        _key = key switch
        {
            "name" => Key.Name,
            "id" => Key.Id,
            "arguments" or "parameters" => Key.Arguments,
            _ => Key.Other,
        };
        var accepted = _anyKey || !firstKeyDecides || _key != Key.Other || key is "type";
        _anyKey = true;
        return accepted;
    }

    private void BeginValue(ReadOnlySpan<char> buffer, int index)
    {
        _valueStart = index;
        _inArguments = _key == Key.Arguments && !HasArguments;
        if (_inArguments)
        {
            ArgumentsStart = index;
            _argumentsFirst = buffer[index];
        }
    }

    private void EndValue(ReadOnlySpan<char> buffer, int end)
    {
        if (_inArguments)
        {
            (ArgumentsEnd, ArgumentsEnded, _inArguments) = (end, true, false);
        }
        else if (_key == Key.Name && buffer[_valueStart] == '"')
        {
            Name ??= Unescape(buffer[_valueStart..end]);
        }
        else if (_key == Key.Id && buffer[_valueStart] == '"')
        {
            Id ??= Unescape(buffer[_valueStart..end]);
        }
    }
}
