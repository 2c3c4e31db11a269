namespace Crescent.Engine.Model.ToolCalls;

/// <summary>Finds where brackets close again while a call is being written, those within texts not counted.</summary>
/// <param name="quote">What stands around texts; null for the quotes of Python, with what is escaped in them.</param>
internal struct LiteralScanner(string? quote)
{
    private int _depth;
    private char _open;
    private bool _inText;

    /// <summary>Characters that were looked at.</summary>
    public int At { get; private set; }

    /// <summary>Whether the first bracket has been closed: it ends at <see cref="At"/>.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Looks at more of a text, from where it was left; false where a bracket closes that is not open.</summary>
    public bool Scan(ReadOnlySpan<char> text)
    {
        while (!IsClosed && At < text.Length)
        {
            if (quote is not null && (_inText || text[At] == quote[0]))
            {
                // What may become the mark is looked at again when there is more of it.
                var rest = text[At..];
                if (rest.StartsWith(quote))
                {
                    (At, _inText) = (At + quote.Length, !_inText);
                    continue;
                }

                if (quote.AsSpan().StartsWith(rest))
                {
                    return true;
                }
            }
            else if (_inText)
            {
                if (text[At] == '\\' && At + 1 >= text.Length)
                {
                    return true;
                }

                (At, _inText) = (At + (text[At] == '\\' ? 2 : 1), text[At] != _open);
                continue;
            }

            if (!_inText && !Count(text[At]))
            {
                return false;
            }

            At++;
        }

        return true;
    }

    private bool Count(char c)
    {
        if (quote is null && c is '"' or '\'')
        {
            (_inText, _open) = (true, c);
        }
        else if (c is '(' or '[' or '{')
        {
            _depth++;
        }
        else if (c is ')' or ']' or '}')
        {
            _depth--;
            IsClosed = _depth == 0;
        }

        return _depth > 0 || IsClosed || char.IsWhiteSpace(c);
    }
}
