using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The parts that JSON texts are made of, appended to a network. Whitespace is optional and short, and numbers have bounded
/// digits, so that a model cannot fill an answer with either.
/// </summary>
internal sealed class JsonFragments
{
    /// <summary>Digits of an integer at most, which a double holds exactly up to 2^53; bounds of a schema may ask for more.</summary>
    public const int MaxDigits = 16;

    private const int MaxIndent = 20;
    private const int MaxExponentDigits = 2;

    // RFC 8259: what must not stand in a string as it is.
    private static readonly CodePointRange[] Escaped = [new(0, 0x1F), new('"', '"'), new('\\', '\\')];
    private static readonly CodePointRange[] Unescaped = CodePoints.Complement(Escaped);

    // Ranges that are written where they stand.
    private const int MaxNarrow = 8;

    private readonly ByteNetwork _network;
    private readonly Dictionary<string, int> _sets = new(StringComparer.Ordinal);
    private int? _string;
    private int? _character;
    private int? _integer;
    private int? _number;
    private int? _value;
    private int? _object;

    public JsonFragments(ByteNetwork network) => _network = network;

    /// <summary>Writes the rules that are shared, so that none of them is made with what may be taken back.</summary>
    public void Prepare()
    {
        var nowhere = _network.Add();
        AnyString(nowhere);
        Integer(nowhere);
        Number(nowhere);
        AnyObject(nowhere);
        StringOfLength(nowhere, 0, 0);
    }

    /// <summary>Forgets the rules made since a mark.</summary>
    public void Rollback(NetworkMark mark)
    {
        foreach (var (set, rule) in _sets)
        {
            if (rule >= mark.Rules)
            {
                _sets.Remove(set);
            }
        }
    }

    /// <summary>The compact form of a value, with characters as they are wherever they may be.</summary>
    public static string Compact(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Compact(value.GetString()!),
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Compact))}]",
        JsonValueKind.Object =>
            $"{{{string.Join(',', value.EnumerateObject().Select(member => $"{Compact(member.Name)}:{Compact(member.Value)}"))}}}",
        _ => value.GetRawText(),
    };

    /// <inheritdoc cref="Compact(JsonElement)"/>
    public static string Compact(string text) =>
        $"\"{string.Concat(text.Select(c => c is '"' or '\\' or < ' ' ? Escape(c) : c.ToString()))}\"";

    /// <summary>Nothing, a space, or a line end with an indent.</summary>
    public int Space(int from)
    {
        var to = _network.Add();
        _network.Jump(from, to);
        _network.Bytes(from, (byte)' ', (byte)' ', to);
        var line = _network.Add();
        _network.Bytes(from, (byte)'\n', (byte)'\n', line);
        for (var i = 0; i < MaxIndent; i++)
        {
            var next = _network.Add();
            _network.Jump(line, to);
            _network.Bytes(line, (byte)' ', (byte)' ', next);
            _network.Bytes(line, (byte)'\t', (byte)'\t', next);
            line = next;
        }

        _network.Jump(line, to);
        return to;
    }

    /// <summary>The colon after a name, and at most one space.</summary>
    public int Colon(int from)
    {
        from = _network.Literal(from, ":"u8);
        return _network.Repeat(from, 0, 1, at => _network.Literal(at, " "u8));
    }

    /// <summary>A comma, and what may stand between two members.</summary>
    public int Comma(int from) => Space(_network.Literal(from, ","u8));

    public int Boolean(int from) => _network.Texts(from, ["true"u8.ToArray(), "false"u8.ToArray()]);

    public int Null(int from) => _network.Literal(from, "null"u8);

    /// <summary>A string of any length.</summary>
    public int AnyString(int from) => _network.Call(from, _string ??= Rule(at => Quoted(at, inner => _network.Repeat(inner, 0, null, Character))));

    /// <summary>A string of so many code points.</summary>
    public int StringOfLength(int from, int least, int? most)
    {
        _character ??= Rule(Character);
        return Quoted(from, inner => _network.Repeat(inner, least, most, at => _network.Call(at, _character.Value)));
    }

    /// <summary>A string that a whole expression matches, which does not look ahead.</summary>
    public int StringMatching(int from, RegexNode expression) =>
        Quoted(from, inner => expression.AppendTo(_network, inner, OneOfSet));

    /// <summary>A string with one of the texts read from <paramref name="start"/>; null where there are none.</summary>
    public int? StringOf(int from, TextAutomaton texts, int start) =>
        texts.AppendTo(_network, _network.Literal(from, "\""u8), start, OneOfWideSet) is { } end ? _network.Literal(end, "\""u8) : null;

    public int Integer(int from) => _network.Call(from, _integer ??= Rule(at => Digits(Sign(at))));

    public int Number(int from) => _network.Call(from, _number ??= Rule(at => Exponent(Fraction(Digits(Sign(at))))));

    /// <summary>A decimal point and digits, or nothing.</summary>
    public int Fraction(int from) =>
        _network.Repeat(from, 0, 1, at => _network.Repeat(_network.Literal(at, "."u8), 1, MaxDigits, Digit));

    /// <summary>Any JSON value.</summary>
    public int Value(int from)
    {
        if (_value is null)
        {
            var start = _network.BeginRule(out var rule);
            _value = rule;
            _network.EndRule(_network.AnyOf(start, [at => Object(at), at => Array(at), AnyString, Number, Boolean, Null]));
        }

        return _network.Call(from, _value.Value);
    }

    /// <summary>Any object, with names and values of any kind unless given.</summary>
    public int Object(int from, Func<int, int>? value = null) =>
        Members(from, "{"u8, "}"u8, 0, null, at => (value ?? Value)(Colon(AnyString(at))));

    /// <summary>Any object, by a rule.</summary>
    public int AnyObject(int from) => _network.Call(from, _object ??= Rule(at => Object(at)));

    /// <summary>An array of so many items of any kind, unless given.</summary>
    public int Array(int from, int least = 0, int? most = null, Func<int, int>? item = null) =>
        Members(from, "["u8, "]"u8, least, most, item ?? Value);

    /// <summary>An array whose first items have rules of their own.</summary>
    /// <param name="from">Where it starts.</param>
    /// <param name="first">The rules of the first items.</param>
    /// <param name="least">Fewest items.</param>
    /// <param name="most">Most items, or null for any number.</param>
    /// <param name="rest">The rule of all further items; null where there are none.</param>
    public int Items(int from, IReadOnlyList<int> first, int least, int? most, int? rest)
    {
        if (first.Count == 0)
        {
            return Members(from, "["u8, "]"u8, least, most, at => _network.Call(at, rest!.Value));
        }

        var to = _network.Add();
        var at = Space(_network.Literal(from, "["u8));
        for (var i = 0; i <= first.Count; i++)
        {
            if (i >= least)
            {
                _network.Jump(_network.Literal(i == 0 ? at : Space(at), "]"u8), to);
            }

            if (i < first.Count)
            {
                at = _network.Call(i == 0 ? at : Comma(at), first[i]);
            }
        }

        if (rest is { } further)
        {
            var more = _network.Repeat(at, Math.Max(1, least - first.Count), most - first.Count, next => _network.Call(Comma(next), further));
            _network.Jump(_network.Literal(Space(more), "]"u8), to);
        }

        return to;
    }

    /// <summary>A part as a rule of its own, to be called.</summary>
    public int Rule(Func<int, int> part)
    {
        var start = _network.BeginRule(out var rule);
        _network.EndRule(part(start));
        return rule;
    }

    public int Members(int from, ReadOnlySpan<byte> open, ReadOnlySpan<byte> close, int least, int? most, Func<int, int> member)
    {
        var to = _network.Add();
        var first = Space(_network.Literal(from, open));
        if (least == 0)
        {
            _network.Jump(_network.Literal(first, close), to);
        }

        if (most != 0)
        {
            var more = _network.Repeat(member(first), Math.Max(0, least - 1), most - 1, at => member(Comma(at)));
            _network.Jump(_network.Literal(Space(more), close), to);
        }

        return to;
    }

    private int Quoted(int from, Func<int, int> content) => _network.Literal(content(_network.Literal(from, "\""u8)), "\""u8);

    /// <summary>One character of a string, as it is or escaped in any way that gives a whole character.</summary>
    private int Character(int from)
    {
        var to = _network.CodePoint(from, Unescaped);
        var escape = _network.Literal(from, "\\"u8);
        foreach (var letter in "\"\\/bfnrt"u8)
        {
            _network.Bytes(escape, letter, letter, to);
        }

        var unicode = _network.Literal(escape, "u"u8);
        var ordinary = _network.AnyOf(unicode, [at => HexDigits(HexNot(at, 'D'), 3), at => HexDigits(Between(Hex(at, 'D'), '0', '7'), 2)]);
        _network.Jump(ordinary, to);
        var high = HexDigits(HexAbove(Hex(unicode, 'D'), '8', 'B'), 2);
        _network.Jump(HexDigits(HexAbove(Hex(_network.Literal(high, "\\u"u8), 'D'), 'C', 'F'), 2), to);
        return to;
    }

    /// <summary>One character of a set, as it stands in a string: escaped only where it must be.</summary>
    private int OneOfSet(int from, CodePointRange[] set)
    {
        var to = _network.CodePoint(from, CodePoints.Except(set, Escaped));
        var escaped = Escaped
            .SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1))
            .Where(c => System.Array.Exists(set, range => range.First <= c && c <= range.Last));
        _network.Jump(_network.Texts(from, escaped.Select(c => Encoding.UTF8.GetBytes(Escape((char)c)))), to);
        return to;
    }

    /// <summary>The same, by a rule where it takes many edges.</summary>
    private int OneOfWideSet(int from, CodePointRange[] set)
    {
        if (set.Length == 0 || (set.Length <= MaxNarrow && set[^1].Last <= 0x7F && set[0].First >= ' '))
        {
            return OneOfSet(from, set);
        }

        var key = string.Join(',', set);
        if (!_sets.TryGetValue(key, out var rule))
        {
            _sets.Add(key, rule = Rule(at => OneOfSet(at, set)));
        }

        return _network.Call(from, rule);
    }

    private static string Escape(char c) => c switch
    {
        '"' or '\\' => $"\\{c}",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
    };

    private int Sign(int from) => _network.Repeat(from, 0, 1, at => _network.Literal(at, "-"u8));

    private int Digits(int from) => _network.AnyOf(
        from,
        [at => _network.Literal(at, "0"u8), at => _network.Repeat(Between(at, '1', '9'), 0, MaxDigits - 1, Digit)]);

    private int Exponent(int from) => _network.Repeat(from, 0, 1, at =>
    {
        var mark = _network.Texts(at, ["e"u8.ToArray(), "E"u8.ToArray()]);
        var sign = _network.Texts(mark, [[], "+"u8.ToArray(), "-"u8.ToArray()]);
        return _network.Repeat(sign, 1, MaxExponentDigits, Digit);
    });

    private int Digit(int from) => Between(from, '0', '9');

    private int Between(int from, char low, char high)
    {
        var to = _network.Add();
        _network.Bytes(from, (byte)low, (byte)high, to);
        return to;
    }

    /// <summary>The hexadecimal digit <paramref name="letter"/>, large or small.</summary>
    private int Hex(int from, char letter) => HexAbove(from, letter, letter);

    /// <summary>Hexadecimal digits between two, of which the higher is a letter.</summary>
    private int HexAbove(int from, char low, char high)
    {
        var to = _network.Add();
        if (low <= '9')
        {
            _network.Bytes(from, (byte)low, (byte)'9', to);
        }

        var first = char.IsAsciiDigit(low) ? 'A' : low;
        _network.Bytes(from, (byte)first, (byte)high, to);
        _network.Bytes(from, (byte)(first | 0x20), (byte)(high | 0x20), to);
        return to;
    }

    /// <summary>Any hexadecimal digit but one letter below F.</summary>
    private int HexNot(int from, char letter)
    {
        var to = _network.Add();
        _network.Jump(HexAbove(from, '0', (char)(letter - 1)), to);
        _network.Jump(HexAbove(from, (char)(letter + 1), 'F'), to);
        return to;
    }

    private int HexDigits(int from, int count) => _network.Repeat(from, count, count, at => HexAbove(at, '0', 'F'));
}
