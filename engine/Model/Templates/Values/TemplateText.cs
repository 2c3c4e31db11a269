using System.Text;

namespace Crescent.Engine.Model.Templates.Values;

/// <summary>
/// A string as Python sees it: an immutable sequence of code points, each with its <see cref="TextOrigin"/>. Every operation carries
/// the origins along; comparison, order and hash look at code points alone, so that a template cannot tell them.
/// </summary>
internal sealed class TemplateText : IEquatable<TemplateText>, IComparable<TemplateText>
{
    public static readonly TemplateText Empty = new([]);

    private readonly int[] _codes;
    private int _hash;

    private TemplateText(int[] codes) => _codes = codes;

    /// <summary>Code points.</summary>
    public int Length => _codes.Length;

    /// <summary>Code points with their origin bits.</summary>
    public ReadOnlySpan<int> Codes => _codes;

    /// <summary>The code point at <paramref name="index"/>, without its origin.</summary>
    public int this[int index] => _codes[index] & TextOrigin.CodePoint;

    /// <summary>A text of one origin; a lone surrogate becomes U+FFFD.</summary>
    public static TemplateText Of(string value, int origin = TextOrigin.Template)
    {
        var codes = new int[value.Length];
        var count = 0;
        foreach (var rune in value.EnumerateRunes())
        {
            codes[count++] = rune.Value | origin;
        }

        return new TemplateText(count == codes.Length ? codes : codes[..count]);
    }

    /// <summary>A text of code points with their origin bits; copied.</summary>
    public static TemplateText Of(ReadOnlySpan<int> codes) => codes.IsEmpty ? Empty : new TemplateText(codes.ToArray());

    public TemplateText Slice(int start, int length) => length == Length ? this : Of(_codes.AsSpan(start, length));

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
            foreach (var code in _codes)
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
    public override string ToString() => ToString(out _);

    /// <summary>The text, and for each of its UTF-16 units the <see cref="TextOrigin"/>.</summary>
    public string ToString(out int[] origins)
    {
        var builder = new StringBuilder(Length);
        var marks = new List<int>(Length);
        foreach (var code in _codes)
        {
            var point = code & TextOrigin.CodePoint;
            marks.Add(code & ~TextOrigin.CodePoint);
            if (point < 0x10000)
            {
                builder.Append((char)point);
            }
            else
            {
                builder.Append(new Rune(point).ToString());
                marks.Add(code & ~TextOrigin.CodePoint);
            }
        }

        origins = [.. marks];
        return builder.ToString();
    }

    private static TemplateText Reverse(TemplateText text, int end)
    {
        var codes = text._codes[..end];
        Array.Reverse(codes);
        return new TemplateText(codes);
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
