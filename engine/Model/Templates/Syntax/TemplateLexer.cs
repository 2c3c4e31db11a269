using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>
/// Cuts a template into tokens by Jinja's rules, set up as model hubs do: the newline after a block tag or comment is dropped
/// (<c>trim_blocks</c>), and so is white space before one that begins its line (<c>lstrip_blocks</c>); one newline at the very end is
/// dropped too.
/// </summary>
internal sealed class TemplateLexer
{
    private readonly List<Token> _tokens = [];
    private readonly SourceReader _source;

    // Whether the text that follows begins at the start of a line.
    private bool _atLineStart = true;

    private TemplateLexer(string source) => _source = new SourceReader(source);

    /// <summary>The tokens of a template; the last is <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="TemplateException">A tag, comment or string is not closed, or a character belongs to nothing.</exception>
    public static List<Token> Tokenize(string source)
    {
        if (source.Length > TemplateLimits.SourceLength)
        {
            throw new TemplateException("template", 1, $"longer than {TemplateLimits.SourceLength:N0} characters");
        }

        source = source.Replace("\r\n", "\n").Replace('\r', '\n');
        var lexer = new TemplateLexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (!_source.AtEnd)
        {
            var tag = FindTag();
            if (tag < 0)
            {
                Data(_source.Take(_source.Length), default, isBlock: false);
                break;
            }

            var text = _source.Slice(tag);
            var line = _source.Line;
            _source.MoveTo(tag);
            var opener = _source.Take(tag + 2);
            var sign = _source.Current is '-' or '+' ? _source.Current : default;
            _source.Skip(sign == default ? 0 : 1);
            Data(text, sign, opener != "{{", line);
            switch (opener)
            {
                case "{#":
                    Comment();
                    break;
                case "{%" when _source.TryTag("raw"):
                    EndTag(_source.Previous(3) == '-' ? '-' : '+', trimsNewline: false);
                    Raw();
                    break;
                case "{%":
                    Tag(TokenKind.BlockBegin, TokenKind.BlockEnd, "%}");
                    break;
                default:
                    Tag(TokenKind.VariableBegin, TokenKind.VariableEnd, "}}");
                    break;
            }
        }

        _tokens.Add(new Token(TokenKind.End, "", _source.Line));
    }

    private int FindTag()
    {
        for (var i = _source.Find("{", _source.Position); i >= 0; i = _source.Find("{", i + 1))
        {
            if (_source[i + 1] is '%' or '{' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    // Text before a tag: a hyphen in the tag takes all white space from its end; a block takes the indentation of its own line.
    private void Data(string text, char sign, bool isBlock, int line = 0)
    {
        line = line == 0 ? _source.Line : line;
        if (sign == '-')
        {
            var end = text.Length;
            while (end > 0 && TextCase.IsSpace(text[end - 1]))
            {
                end--;
            }

            text = text[..end];
        }
        else if (isBlock && sign != '+')
        {
            var start = text.LastIndexOf('\n') + 1;
            if ((start > 0 || _atLineStart) && text.AsSpan(start).IndexOfAnyExcept(' ', '\t') < 0)
            {
                text = text[..start];
            }
        }

        _atLineStart = false;
        if (text.Length > 0)
        {
            _tokens.Add(new Token(TokenKind.Data, text, line));
        }
    }

    private void Comment()
    {
        var start = _source.Position;
        var end = _source.Find("#}", start);
        if (end < 0)
        {
            throw _source.Fail("comment", "not closed with '#}'");
        }

        _source.MoveTo(end + 2);
        EndTag(end > start ? _source[end - 1] : default, trimsNewline: true);
    }

    private void Raw()
    {
        var start = _source.Position;
        var line = _source.Line;
        for (var tag = _source.Find("{%", start); tag >= 0; tag = _source.Find("{%", tag + 2))
        {
            var text = _source.Slice(tag);
            var sign = _source[tag + 2] is '-' or '+' ? _source[tag + 2] : default;
            if (!_source.TryTag("endraw", tag + (sign == default ? 2 : 3)))
            {
                continue;
            }

            Data(text, sign, isBlock: true, line);
            EndTag(_source.Previous(3), trimsNewline: true);
            return;
        }

        throw _source.Fail("raw", "not closed with '{% endraw %}'");
    }

    private void Tag(TokenKind begin, TokenKind end, string closer)
    {
        var line = _source.Line;
        _tokens.Add(new Token(begin, "", line));
        var depth = 0;
        while (true)
        {
            _source.SkipSpace();
            if (_source.AtEnd)
            {
                throw new TemplateException("tag", line, $"not closed with '{closer}'");
            }

            var signed = _source.Current == '-' || (_source.Current == '+' && end == TokenKind.BlockEnd);
            var at = _source.Position + (signed ? 1 : 0);
            if (depth == 0 && _source.Has(closer, at))
            {
                var sign = signed ? _source.Current : default;
                _tokens.Add(new Token(end, "", _source.Line));
                _source.MoveTo(at + 2);
                EndTag(sign, trimsNewline: end == TokenKind.BlockEnd);
                return;
            }

            var token = ExpressionLexer.Read(_source);
            depth += token is { Kind: TokenKind.Operator, Text: "(" or "[" or "{" } ? 1
                : token is { Kind: TokenKind.Operator, Text: ")" or "]" or "}" } && depth > 0 ? -1
                : 0;
            _tokens.Add(token);
        }
    }

    // What the end of a tag takes from the text after it.
    private void EndTag(char sign, bool trimsNewline)
    {
        _atLineStart = false;
        if (sign == '-')
        {
            var from = _source.Position;
            _source.SkipSpace();
            _atLineStart = _source.Position > from && _source[_source.Position - 1] == '\n';
        }
        else if (sign != '+' && trimsNewline && _source.Current == '\n')
        {
            _source.Skip(1);
            _atLineStart = true;
        }
    }
}
