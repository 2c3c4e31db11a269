using System.Globalization;
using System.Text;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Reads regular expressions: characters, <c>.</c>, classes with ranges and negation, <c>\d \w \s \D \W \S</c>, <c>\t \n \r \f \v \0</c>,
/// <c>\xHH \uHHHH \u{H…}</c>, general categories <c>\p{L} \P{Lu}</c>, groups (capturing is ignored), <c>|</c>, <c>* + ? {m} {m,} {m,n}</c>
/// (lazy or not makes no difference to what matches), <c>^</c> at the beginning and first in what looks ahead from there, <c>$</c>, and looking ahead, <c>(?=…) (?!…)</c>. Looking behind,
/// back-references and word boundaries are refused by name.
/// </summary>
internal sealed class RegexParser
{
    private const int MaxRepeat = 10_000;
    private const int MaxNesting = 100;
    private readonly string _text;
    private int _at;
    private int _nesting;

    // Where the text is still at its start; -1 where it may be anywhere.
    private int _start = -1;

    private RegexParser(string text) => _text = text;

    /// <summary>An expression that matches a whole text; <c>^</c> and <c>$</c> at its ends say nothing new.</summary>
    /// <exception cref="GrammarException">It is malformed, or uses what is not understood.</exception>
    public static RegexNode ParseWhole(string expression) => new RegexParser(expression).ParseWays(unanchored: null);

    /// <summary>An expression that matches somewhere in a text (JSON Schema's <c>pattern</c>), as one that matches the whole of it.</summary>
    /// <inheritdoc cref="ParseWhole" path="/exception"/>
    public static RegexNode ParseAnywhere(string expression) =>
        new RegexParser(expression).ParseWays(new RegexNode.Repeat(new RegexNode.Set(CodePoints.All), 0, null));

    private RegexNode.AnyOf ParseWays(RegexNode? unanchored)
    {
        var ways = new List<RegexNode>();
        do
        {
            var fromStart = Take('^');
            _start = fromStart || unanchored is null ? _at : -1;
            var way = ParseSequence();
            var toEnd = Take('$');
            RegexNode?[] parts = [fromStart ? null : unanchored, way, toEnd ? null : unanchored];
            ways.Add(new RegexNode.Sequence([.. parts.OfType<RegexNode>()]));
        }
        while (Take('|'));

        return _at == _text.Length ? new RegexNode.AnyOf(ways) : throw Fault($"'{_text[_at]}' is not expected here");
    }

    private RegexNode ParseAlternatives(bool isAtStart)
    {
        var ways = new List<RegexNode>();
        do
        {
            if (isAtStart)
            {
                // It says nothing new here.
                Take('^');
                _start = _at;
            }

            ways.Add(ParseSequence());
        }
        while (Take('|'));

        return ways.Count == 1 ? ways[0] : new RegexNode.AnyOf(ways);
    }

    private RegexNode.Sequence ParseSequence()
    {
        var parts = new List<RegexNode>();
        while (_at < _text.Length && _text[_at] is not ('|' or ')') && !(_text[_at] == '$' && EndsHere(_at + 1)))
        {
            parts.Add(ParseRepeats(ParseAtom()));
        }

        return new RegexNode.Sequence(parts);
    }

    /// <summary>Only where a top-level way ends may <c>$</c> stand; elsewhere it is refused as an anchor in the middle.</summary>
    private bool EndsHere(int at) => _nesting == 0 && (at == _text.Length || _text[at] == '|');

    private RegexNode ParseRepeats(RegexNode atom)
    {
        if (_at == _text.Length)
        {
            return atom;
        }

        var start = _at;
        (int Least, int? Most)? times = _text[_at] switch
        {
            '*' => (0, null),
            '+' => (1, null),
            '?' => (0, 1),
            '{' => ParseBraces(),
            _ => null,
        };
        if (times is not { } bounds)
        {
            return atom;
        }

        _at = _text[start] == '{' ? _at : start + 1;
        Take('?');
        return _at < _text.Length && _text[_at] is '*' or '+' or '?' or '{'
            ? throw Fault("a repetition of a repetition; put the inner one in a group")
            : new RegexNode.Repeat(atom, bounds.Least, bounds.Most);
    }

    private (int Least, int? Most) ParseBraces()
    {
        var start = _at;
        var end = _text.IndexOf('}', _at);
        var parts = end < 0 ? [] : _text[(_at + 1)..end].Split(',');
        _at = end + 1;
        int? least = parts.Length is 1 or 2 ? Count(parts[0]) : null;
        int? most = parts.Length == 2 && parts[1].Length > 0 ? Count(parts[1]) : null;
        if (least is null || (parts.Length == 2 && parts[1].Length > 0 && most is null) || most < least)
        {
            _at = start;
            throw Fault($"a repetition is {{m}}, {{m,}} or {{m,n}} with numbers up to {MaxRepeat}; write \\{{ for the brace itself");
        }

        return parts.Length == 1 ? (least.Value, least) : (least.Value, most);

        static int? Count(string digits) =>
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= MaxRepeat ? count : null;
    }

    private RegexNode ParseAtom()
    {
        var c = _text[_at];
        switch (c)
        {
            case '(':
                return ParseGroup();
            case '[':
                _at++;
                return new RegexNode.Set(ParseClass());
            case '.':
                _at++;
                return new RegexNode.Set(CodePoints.NotLineEnd);
            case '\\':
                return new RegexNode.Set(ParseEscape(inClass: false));
            case '$':
                _at++;
                return new RegexNode.AtEnd();
            case '^':
                throw Fault("'^' is understood only at the beginning of the expression");
            case '*' or '+' or '?' or '{':
                throw Fault($"'{c}' has nothing to repeat; write \\{c} for the character itself");
            default:
                return new RegexNode.Set([TakeOne()]);
        }
    }

    private RegexNode ParseGroup()
    {
        var open = _at++;
        var ahead = '\0';
        if (Take('?'))
        {
            if (_at < _text.Length && _text[_at] is '=' or '!')
            {
                ahead = _text[_at++];
            }
            else
            {
                SkipGroupName(open);
            }
        }

        if (++_nesting > MaxNesting)
        {
            throw Fault($"groups are nested more than {MaxNesting} deep");
        }

        var isAtStart = ahead != '\0' && open == _start;
        var inner = ParseAlternatives(isAtStart);
        _nesting--;
        if (Take(')'))
        {
            // What looks ahead takes nothing.
            _start = isAtStart ? _at : _start;
            return ahead == '\0' ? inner : new RegexNode.Ahead(inner, IsNegated: ahead == '!');
        }

        _at = open;
        throw Fault("the group is not closed");
    }

    private void SkipGroupName(int open)
    {
        if (Take(':'))
        {
            return;
        }

        Take('P');
        if (Take('<') && _at < _text.Length && _text[_at] is not ('=' or '!') && _text.IndexOf('>', _at) is > 0 and var end)
        {
            _at = end + 1;
            return;
        }

        _at = open;
        throw Fault("looking behind, atomic groups and inline options are not supported; use plain groups");
    }

    private CodePointRange[] ParseClass()
    {
        var open = _at - 1;
        var negated = Take('^');
        var ranges = new List<CodePointRange>();
        while (!Take(']'))
        {
            if (_at == _text.Length)
            {
                _at = open;
                throw Fault("the class is not closed");
            }

            var first = ClassMember();
            if (first is [var low] && low.First == low.Last && _at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] != ']')
            {
                _at++;
                first = ClassMember() is [var high] && high.First == high.Last && high.First >= low.First
                    ? [new(low.First, high.First)]
                    : throw Fault("a range of a class goes from a character to a later one");
            }

            ranges.AddRange(first);
        }

        return negated ? CodePoints.Complement(ranges) : CodePoints.Normalize(ranges);
    }

    private CodePointRange[] ClassMember() => _at == _text.Length
        ? throw Fault("the class is not closed")
        : _text[_at] == '\\' ? ParseEscape(inClass: true) : [TakeOne()];

    private CodePointRange[] ParseEscape(bool inClass)
    {
        if (++_at == _text.Length)
        {
            throw Fault("a backslash at the end");
        }

        var c = _text[_at++];
        switch (c)
        {
            case 'd':
                return CodePoints.Digits;
            case 'w':
                return CodePoints.Word;
            case 's':
                return CodePoints.Space;
            case 'D':
                return CodePoints.Complement(CodePoints.Digits);
            case 'W':
                return CodePoints.Complement(CodePoints.Word);
            case 'S':
                return CodePoints.Complement(CodePoints.Space);
            case 'x':
                return One(Hex(2));
            case 'u':
                return One(Take('{') ? HexToBrace() : Utf16());
            case 'b' when inClass:
                return One('\b');
            case 'p' or 'P':
                return c == 'p' ? Category() : CodePoints.Complement(Category());
        }

        if (char.IsSurrogate(c))
        {
            _at--;
            return [TakeOne()];
        }

        var control = "0tnvfr".IndexOf(c, StringComparison.Ordinal);
        if (control >= 0)
        {
            return One("\0\t\n\v\f\r"[control]);
        }

        return char.IsAsciiLetterOrDigit(c)
            ? throw Fault($"\\{c} is not supported; understood are \\d \\w \\s \\D \\W \\S, \\t \\n \\r \\f \\v \\0, \\xHH and \\uHHHH")
            : One(c);
    }

    private CodePointRange[] Category()
    {
        var start = _at;
        var end = Take('{') ? _text.IndexOf('}', _at) : -1;
        if (end > 0 && CodePoints.Category(_text[_at..end]) is { } set)
        {
            _at = end + 1;
            return set;
        }

        _at = start;
        throw Fault("\\p takes a general category in braces, such as \\p{L} or \\p{Lu}; other properties are not supported");
    }

    private static CodePointRange[] One(int codePoint) => [new(codePoint, codePoint)];

    private int Utf16()
    {
        var unit = Hex(4);
        if (!char.IsHighSurrogate((char)unit) || _text.Length < _at + 6 || _text[_at] != '\\' || _text[_at + 1] != 'u')
        {
            return Scalar(unit);
        }

        _at += 2;
        var low = Hex(4);
        return char.IsLowSurrogate((char)low) ? char.ConvertToUtf32((char)unit, (char)low) : Scalar(unit);
    }

    private int Hex(int digits) => _at + digits <= _text.Length
        && int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
        ? Skip(digits, value)
        : throw Fault($"{digits} hexadecimal digits are expected");

    private int HexToBrace()
    {
        var end = _text.IndexOf('}', _at);
        return end > _at && end - _at <= 6 ? Skip(1, Scalar(Hex(end - _at))) : throw Fault("\\u{ takes one to six hexadecimal digits and }");
    }

    private int Scalar(int value) => Rune.IsValid(value) ? value : throw Fault($"U+{value:X4} is no character");

    private int Skip(int count, int value)
    {
        _at += count;
        return value;
    }

    private CodePointRange TakeOne()
    {
        if (!Rune.TryGetRuneAt(_text, _at, out var rune))
        {
            throw Fault("half of a surrogate pair");
        }

        _at += rune.Utf16SequenceLength;
        return new(rune.Value, rune.Value);
    }

    private bool Take(char c)
    {
        if (_at == _text.Length || _text[_at] != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private GrammarException Fault(string fault) => new($"regex at {_at}", fault);
}
