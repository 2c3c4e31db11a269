namespace Crescent.Engine.Model.ToolCalls;

/// <summary>Reads one JSON value character by character and tells at once where it ends or breaks (RFC 8259). Depth is at most 64.</summary>
internal struct JsonScanner
{
    private const int DeepestNesting = 64;

    // One bit for each open bracket: set for an object.
    private ulong _objects;
    private string? _literal;
    private int _read;

    /// <summary>Where in the grammar the next character stands.</summary>
    public JsonState State { get; private set; }

    /// <summary>Brackets open.</summary>
    public int Depth { get; private set; }

    /// <summary>Takes the next character; false when no JSON goes on like this. White space may follow the end of the value.</summary>
    public bool Read(char c)
    {
        switch (State)
        {
            case JsonState.Value or JsonState.FirstElement:
                return IsSpace(c) || ReadValue(c);
            case JsonState.FirstKey or JsonState.Key:
                return IsSpace(c) || (c == '"' && Go(JsonState.KeyText)) || (c == '}' && State == JsonState.FirstKey && Close(true));
            case JsonState.KeyText or JsonState.Text:
                return ReadText(c);
            case JsonState.KeyEscape or JsonState.TextEscape:
                return ReadEscape(c);
            case JsonState.Colon:
                return IsSpace(c) || (c == ':' && Go(JsonState.Value));
            case JsonState.Literal:
                return c == _literal![_read] && (++_read < _literal.Length || Go(JsonState.After));
            case JsonState.After:
                return IsSpace(c) || ReadAfter(c);
            default:
                return ReadNumber(c);
        }
    }

    public static bool IsSpace(char c) => c is ' ' or '\n' or '\r' or '\t';

    private bool ReadValue(char c)
    {
        switch (c)
        {
            case '{':
                return Open(true);
            case '[':
                return Open(false);
            case ']' when State == JsonState.FirstElement:
                return Close(false);
            case '"':
                return Go(JsonState.Text);
            case '-':
                return Go(JsonState.Minus);
            case '0':
                return Go(JsonState.Zero);
            case >= '1' and <= '9':
                return Go(JsonState.Digits);
        }

        _literal = c switch { 't' => "true", 'f' => "false", 'n' => "null", _ => null };
        _read = 1;
        return _literal is not null && Go(JsonState.Literal);
    }

    private bool ReadText(char c)
    {
        var isKey = State == JsonState.KeyText;
        return c switch
        {
            '"' => Go(isKey ? JsonState.Colon : JsonState.After),
            '\\' => (_read = 0) == 0 && Go(isKey ? JsonState.KeyEscape : JsonState.TextEscape),
            _ => c >= ' ',
        };
    }

    private bool ReadEscape(char c)
    {
        var text = State == JsonState.KeyEscape ? JsonState.KeyText : JsonState.Text;
        if (_read == 0)
        {
            _read = c == 'u' ? 1 : 0;
            return c == 'u' || ("\"\\/bfnrt".Contains(c) && Go(text));
        }

        return char.IsAsciiHexDigit(c) && (++_read <= 4 || Go(text));
    }

    private bool ReadNumber(char c)
    {
        var digit = char.IsAsciiDigit(c);
        return State switch
        {
            JsonState.Minus => digit && Go(c == '0' ? JsonState.Zero : JsonState.Digits),
            JsonState.Digits when digit => true,
            JsonState.Zero or JsonState.Digits when c == '.' => Go(JsonState.Point),
            JsonState.Zero or JsonState.Digits or JsonState.Fraction when c is 'e' or 'E' => Go(JsonState.ExponentSign),
            JsonState.Point => digit && Go(JsonState.Fraction),
            JsonState.Fraction when digit => true,
            JsonState.ExponentSign when c is '+' or '-' => Go(JsonState.ExponentFirst),
            JsonState.ExponentSign or JsonState.ExponentFirst => digit && Go(JsonState.Exponent),
            JsonState.Exponent when digit => true,
            _ => Go(JsonState.After) && (IsSpace(c) || ReadAfter(c)),
        };
    }

    private bool ReadAfter(char c)
    {
        if (Depth == 0)
        {
            return false;
        }

        var inObject = (_objects & 1) == 1;
        return c switch
        {
            ',' => Go(inObject ? JsonState.Key : JsonState.Value),
            '}' => inObject && Close(true),
            ']' => !inObject && Close(false),
            _ => false,
        };
    }

    private bool Open(bool isObject)
    {
        if (Depth == DeepestNesting)
        {
            return false;
        }

        _objects = (_objects << 1) | (isObject ? 1u : 0u);
        Depth++;
        return Go(isObject ? JsonState.FirstKey : JsonState.FirstElement);
    }

    private bool Close(bool isObject)
    {
        var matches = (_objects & 1) == (isObject ? 1u : 0u);
        _objects >>= 1;
        Depth--;
        return matches && Go(JsonState.After);
    }

    private bool Go(JsonState state)
    {
        State = state;
        return true;
    }
}
