using System.Globalization;
using System.Text;

namespace Crescent.Engine.Model.ToolCalls;

/// <summary>Reads literals of Python or of Gemma's calls as JSON. What has no quotes and is no number, list or object is text.</summary>
/// <param name="text">Whole calls.</param>
/// <param name="quote">What stands around texts beside the quotes of Python; null for none.</param>
internal ref struct LiteralReader(ReadOnlySpan<char> text, string? quote)
{
    // Values that are nested deeper are no call.
    private const int Deepest = 64;

    private readonly ReadOnlySpan<char> _text = text;
    private int _depth;

    /// <summary>Characters that were read.</summary>
    public int At { get; private set; }

    /// <summary>Reads a name: letters, digits, and <c>_ . - :</c>.</summary>
    public string Name()
    {
        Skip();
        var from = At;
        while (At < _text.Length && (char.IsLetterOrDigit(_text[At]) || _text[At] is '_' or '.' or '-'))
        {
            At++;
        }

        return _text[from..At].ToString();
    }

    /// <summary>Reads <paramref name="c"/> where it comes next.</summary>
    public bool Take(char c)
    {
        Skip();
        if (At >= _text.Length || _text[At] != c)
        {
            return false;
        }

        At++;
        return true;
    }

    /// <summary>Reads named values up to <paramref name="closing"/>, which is read too; false where they are malformed.</summary>
    public bool Members(char assign, char closing, out string json)
    {
        var written = new WrittenArguments();
        json = "";
        if (Take(closing))
        {
            json = "{}";
            return true;
        }

        do
        {
            var name = Key();
            if (name is null || !Take(assign) || Value() is not { } value)
            {
                return false;
            }

            written.AddJson(name, value);
        }
        while (Take(',') && !Next(closing));

        json = written.ToString();
        return Take(closing);
    }

    /// <summary>Reads a value; null where it is malformed.</summary>
    public string? Value()
    {
        Skip();
        if (At >= _text.Length || _depth > Deepest)
        {
            return null;
        }

        if (IsQuoted)
        {
            return Text() is { } read ? WrittenArguments.Text(read) : null;
        }

        if (_text[At] is '[' or '(')
        {
            return List();
        }

        if (_text[At] == '{')
        {
            At++;
            _depth++;
            var isRead = Members(':', '}', out var members);
            _depth--;
            return isRead ? members : null;
        }

        return Word();
    }

    private readonly bool IsQuoted => _text[At] is '"' or '\'' || (quote is not null && _text[At..].StartsWith(quote));

    private bool Next(char c)
    {
        Skip();
        return At < _text.Length && _text[At] == c;
    }

    private string? Key()
    {
        Skip();
        var name = At < _text.Length && IsQuoted ? Text() : Name();
        return name is { Length: > 0 } ? name : null;
    }

    private string? List()
    {
        var closing = _text[At] == '[' ? ']' : ')';
        At++;
        _depth++;
        var values = new List<string>();
        while (!Take(closing))
        {
            if (Value() is not { } value || (!Take(',') && !Next(closing)))
            {
                return null;
            }

            values.Add(value);
        }

        _depth--;
        return $"[{string.Join(',', values)}]";
    }

    private string Word()
    {
        var from = At;
        while (At < _text.Length && _text[At] is not (',' or ')' or ']' or '}'))
        {
            At++;
        }

        var word = _text[from..At].Trim().ToString();
        return word switch
        {
            "True" or "true" => "true",
            "False" or "false" => "false",
            "None" or "null" or "" => "null",
            _ when IsNumber(word) => word,
            _ => WrittenArguments.Text(word),
        };
    }

    // As JSON has them, so that they can stay as they are.
    private static bool IsNumber(string word)
    {
        var scanner = default(JsonScanner);
        foreach (var c in $"[{word}]")
        {
            if (!scanner.Read(c))
            {
                return false;
            }
        }

        return scanner.Depth == 0 && double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
    }

    private string? Text()
    {
        if (quote is not null && _text[At..].StartsWith(quote))
        {
            At += quote.Length;
            var end = _text[At..].IndexOf(quote, StringComparison.Ordinal);
            if (end < 0)
            {
                return null;
            }

            var within = _text.Slice(At, end).ToString();
            At += end + quote.Length;
            return within;
        }

        var (mark, text) = (_text[At++], new StringBuilder());
        while (At < _text.Length && _text[At] != mark)
        {
            var c = _text[At++];
            if (c != '\\' || At >= _text.Length)
            {
                text.Append(c);
                continue;
            }

            c = _text[At++];
            if (c is 'u' or 'x' && TryHex(c == 'u' ? 4 : 2, out var code))
            {
                text.Append(code);
                continue;
            }

            text.Append(c switch
            {
                'n' => "\n",
                't' => "\t",
                'r' => "\r",
                'b' => "\b",
                'f' => "\f",
                '\\' or '"' or '\'' or '/' => c.ToString(),
                _ => $"\\{c}",
            });
        }

        return At++ < _text.Length ? text.ToString() : null;
    }

    private bool TryHex(int digits, out char code)
    {
        var isRead = At + digits <= _text.Length
            & ushort.TryParse(_text.Slice(At, Math.Min(digits, _text.Length - At)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        code = (char)value;
        At += isRead ? digits : 0;
        return isRead;
    }

    private void Skip()
    {
        while (At < _text.Length && char.IsWhiteSpace(_text[At]))
        {
            At++;
        }
    }
}
