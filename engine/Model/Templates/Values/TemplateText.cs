using System.Text;

namespace Crescent.Engine.Model.Templates.Values;

/// <summary>
/// A string as Python sees it: an immutable sequence of code points, each with its <see cref="TextOrigin"/>. Every operation carries
/// the origins along; comparison, order and hash look at code points alone, so that a template cannot tell them.
/// </summary>
internal sealed class TemplateText : IEquatable<TemplateText>, IComparable<TemplateText>
{
    public static readonly TemplateText Empty = new([], 0, 0);

    private readonly int[] _codes;
    private readonly int _start;
    private int _hash;

    private TemplateText(int[] codes, int start, int length) => (_codes, _start, Length) = (codes, start, length);

    /// <summary>Code points.</summary>
    public int Length { get; }

    /// <summary>Code points with their origin bits.</summary>
    public ReadOnlySpan<int> Codes => _codes.AsSpan(_start, Length);

    /// <summary>The code point at <paramref name="index"/>, without its origin.</summary>
    public int this[int index] => Codes[index] & TextOrigin.CodePoint;

    /// <summary>A text of one origin; a lone surrogate becomes U+FFFD.</summary>
    public static TemplateText Of(string value, int origin = TextOrigin.Template)
    {
        var codes = new int[value.Length];
        var count = 0;
        foreach (var rune in value.EnumerateRunes())
        {
            codes[count++] = rune.Value | origin;
        }

        return count == 0 ? Empty : new TemplateText(codes, 0, count);
    }

    /// <summary>A text of code points with their origin bits; copied.</summary>
    public static TemplateText Of(ReadOnlySpan<int> codes) => codes.IsEmpty ? Empty : new TemplateText(codes.ToArray(), 0, codes.Length);

    /// <summary>A text of the first code points of an array, which nobody changes any more; a text of megabytes is not copied.</summary>
    public static TemplateText Own(int[] codes, int length) => length == 0 ? Empty : new TemplateText(codes, 0, length);

    /// <summary>A part of it, which shares its memory.</summary>
    public TemplateText Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - start);
        return length == Length ? this : length <= 0 ? Empty : new TemplateText(_codes, _start + start, length);
    }

    public TemplateText Slice(int start) => Slice(start, Length - start);

    public bool StartsWith(TemplateText other, int at = 0)
    {
        if (other.Length > Length - at)
        {
            return false;
        }

        for (var i = 0; i < other.Length; i++)
        {
            if (this[at + i] != other[i])
            {
                return false;
            }
        }

        return true;
    }

    public bool EndsWith(TemplateText other) => other.Length <= Length && StartsWith(other, Length - other.Length);

    /// <summary>First occurrence of <paramref name="other"/> from <paramref name="start"/>, or -1; in linear time.</summary>
    public int IndexOf(TemplateText other, int start = 0)
    {
        if (other.Length == 0)
        {
            return start <= Length ? start : -1;
        }

        var back = Borders(other);
        var matched = 0;
        for (var i = start; i < Length; i++)
        {
            while (matched > 0 && this[i] != other[matched])
            {
                matched = back[matched - 1];
            }

            if (this[i] == other[matched] && ++matched == other.Length)
            {
                return i - matched + 1;
            }
        }

        return -1;
    }

    /// <summary>Last occurrence that ends by <paramref name="end"/>, or -1; in linear time.</summary>
    public int LastIndexOf(TemplateText other, int end)
    {
        if (other.Length == 0)
        {
            return end;
        }

        var found = Reverse(this, end).IndexOf(Reverse(other, other.Length));
        return found < 0 ? -1 : end - found - other.Length;
    }

    public bool Equals(TemplateText? other) =>
        other is not null && other.Length == Length && GetHashCode() == other.GetHashCode() && StartsWith(other);

    public override bool Equals(object? obj) => obj is TemplateText other && Equals(other);

    public override int GetHashCode()
    {
        if (_hash == 0)
        {
            var hash = new HashCode();
            foreach (var code in Codes)
            {
                hash.Add(code & TextOrigin.CodePoint);
            }

            var value = hash.ToHashCode();
            _hash = value == 0 ? 1 : value;
        }

        return _hash;
    }

    public int CompareTo(TemplateText? other)
    {
        for (var i = 0; i < Math.Min(Length, other!.Length); i++)
        {
            if (this[i] != other[i])
            {
                return this[i].CompareTo(other[i]);
            }
        }

        return Length.CompareTo(other.Length);
    }

    /// <summary>The text without origins.</summary>
    public override string ToString() => string.Create(Units(), this, static (units, text) => text.Write(units, []));

    /// <summary>The text, and for each of its UTF-16 units the <see cref="TextOrigin"/>, moved down by <see cref="TextOrigin.Shift"/>.</summary>
    public string ToString(out byte[] origins)
    {
        var marks = origins = new byte[Units()];
        return string.Create(marks.Length, (this, marks), static (units, to) => to.Item1.Write(units, to.marks));
    }

    /// <summary>UTF-16 units of it.</summary>
    private int Units()
    {
        var units = Length;
        foreach (var code in Codes)
        {
            units += (code & TextOrigin.CodePoint) < 0x10000 ? 0 : 1;
        }

        return units;
    }

    private void Write(Span<char> units, Span<byte> origins)
    {
        var at = 0;
        foreach (var code in Codes)
        {
            var point = code & TextOrigin.CodePoint;
            var count = point < 0x10000 ? 1 : 2;
            if (count == 1)
            {
                units[at] = (char)point;
            }
            else
            {
                new Rune(point).EncodeToUtf16(units[at..]);
            }

            if (!origins.IsEmpty)
            {
                origins.Slice(at, count).Fill((byte)(code >> TextOrigin.Shift));
            }

            at += count;
        }
    }

    private static TemplateText Reverse(TemplateText text, int end)
    {
        var codes = text.Codes[..end].ToArray();
        Array.Reverse(codes);
        return Own(codes, codes.Length);
    }

    // Knuth, Morris and Pratt's failure function: the length of the longest border of each prefix.
    private static int[] Borders(TemplateText pattern)
    {
        var borders = new int[pattern.Length];
        for (int i = 1, length = 0; i < pattern.Length; i++)
        {
            while (length > 0 && pattern[i] != pattern[length])
            {
                length = borders[length - 1];
            }

            borders[i] = pattern[i] == pattern[length] ? ++length : length;
        }

        return borders;
    }
}
