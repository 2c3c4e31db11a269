using System.Globalization;
using System.Text;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>Reads the tokens inside a tag.</summary>
internal static class ExpressionLexer
{
    private static readonly string[] Pairs = ["//", "**", "==", "!=", ">=", "<="];

    /// <summary>The token at the reader's place, which is no white space and not the end.</summary>
    /// <exception cref="TemplateException">A string is not closed, or the character belongs to nothing.</exception>
    public static Token Read(SourceReader source)
    {
        var line = source.Line;
        var first = source.Current;
        if (first is '\'' or '"')
        {
            return new Token(TokenKind.String, ReadString(source), line);
        }

        if (char.IsAsciiDigit(first))
        {
            return ReadNumber(source);
        }

        if (char.IsLetter(first) || first == '_')
        {
            var end = source.Position;
            while (char.IsLetterOrDigit(source[end]) || source[end] == '_')
            {
                end++;
            }

            return new Token(TokenKind.Name, source.Take(end), line);
        }

        foreach (var pair in Pairs)
        {
            if (source.Has(pair, source.Position))
            {
                source.Skip(2);
                return new Token(TokenKind.Operator, pair, line);
            }
        }

        if ("+-/*%~[](){}><=.:|,;".Contains(first))
        {
            return new Token(TokenKind.Operator, source.Take(source.Position + 1), line);
        }

        throw source.Fail("expression", $"unexpected character '{first}'");
    }

    private static Token ReadNumber(SourceReader source)
    {
        var line = source.Line;
        var start = source.Position;
        var end = Digits(source, start);
        var isFloat = false;

        // After a point the digits are an index, as in items.0.1.
        if (source.Previous(1) != '.')
        {
            if (source[end] == '.' && char.IsAsciiDigit(source[end + 1]))
            {
                end = Digits(source, end + 1);
                isFloat = true;
            }

            var exponent = source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (source[end] is 'e' or 'E' && char.IsAsciiDigit(source[exponent]))
            {
                end = Digits(source, exponent);
                isFloat = true;
            }
        }

        var text = source.Take(end).Replace("_", "");
        return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, text, line);
    }

    private static int Digits(SourceReader source, int at)
    {
        while (char.IsAsciiDigit(source[at]) || (source[at] == '_' && char.IsAsciiDigit(source[at + 1])))
        {
            at++;
        }

        return at;
    }

    private static string ReadString(SourceReader source)
    {
        var quote = source.Current;
        var value = new StringBuilder();
        var at = source.Position + 1;
        for (; source[at] != quote; at++)
        {
            if (at >= source.Length)
            {
                throw source.Fail("string", $"not closed with {quote}");
            }

            if (source[at] == '\\')
            {
                at = ReadEscape(source, at + 1, value);
            }
            else
            {
                value.Append(source[at]);
            }
        }

        source.MoveTo(at + 1);
        return value.ToString();
    }

    // Python's escapes; returns the place of the last character. One that is not known stays as it is written.
    private static int ReadEscape(SourceReader source, int at, StringBuilder value)
    {
        switch (source[at])
        {
            case '\n':
                return at;
            case 'x':
                return ReadCode(source, at, 2, value);
            case 'u':
                return ReadCode(source, at, 4, value);
            case 'U':
                return ReadCode(source, at, 8, value);
            case 'N':
                throw source.Fail("string", "characters by name (\\N) are not supported");
            case >= '0' and <= '7':
                var code = 0;
                var end = at;
                while (end < at + 3 && source[end] is >= '0' and <= '7')
                {
                    code = (code * 8) + source[end++] - '0';
                }

                value.Append((char)code);
                return end - 1;
        }

        var place = @"\'""abfnrtv".IndexOf(source[at]);
        if (place < 0)
        {
            value.Append('\\');
            return at - 1;
        }

        value.Append("\\'\"\a\b\f\n\r\t\v"[place]);
        return at;
    }

    private static int ReadCode(SourceReader source, int at, int digits, StringBuilder value)
    {
        var code = 0L;
        for (var i = 1; i <= digits; i++)
        {
            if (!char.IsAsciiHexDigit(source[at + i]))
            {
                throw source.Fail("string", $"\\{source[at]} needs {digits} hexadecimal digits");
            }

            code = (code * 16) + int.Parse([source[at + i]], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        // Two escapes may write a surrogate pair; a lone one becomes U+FFFD with the text.
        _ = code switch
        {
            < 0x10000 => value.Append((char)code),
            < 0x110000 => value.Append(new Rune((int)code).ToString()),
            _ => throw source.Fail("string", "a code point beyond U+10FFFF"),
        };
        return at + digits;
    }
}
