using System.Globalization;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Sets of Unicode scalar values as sorted ranges that neither touch nor overlap; surrogates are in none.</summary>
internal static class CodePoints
{
    public const int Last = 0x10FFFF;
    private const int FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    /// <summary>All of them.</summary>
    public static readonly CodePointRange[] All = Normalize([new(0, Last)]);

    /// <summary><c>\d</c></summary>
    public static readonly CodePointRange[] Digits = [new('0', '9')];

    /// <summary><c>\w</c></summary>
    public static readonly CodePointRange[] Word = Normalize([new('0', '9'), new('A', 'Z'), new('_', '_'), new('a', 'z')]);

    /// <summary><c>\s</c></summary>
    public static readonly CodePointRange[] Space = Normalize([
        new('\t', '\r'), new(' ', ' '), new(0xA0, 0xA0), new(0x1680, 0x1680), new(0x2000, 0x200A), new(0x2028, 0x2029),
        new(0x202F, 0x202F), new(0x205F, 0x205F), new(0x3000, 0x3000), new(0xFEFF, 0xFEFF),
    ]);

    /// <summary><c>.</c>: all but line ends.</summary>
    public static readonly CodePointRange[] NotLineEnd = Complement([new('\n', '\n'), new('\r', '\r'), new(0x2028, 0x2029)]);

    /// <summary>The same set, sorted and merged, without surrogates.</summary>
    public static CodePointRange[] Normalize(IEnumerable<CodePointRange> ranges)
    {
        var merged = new List<CodePointRange>();
        foreach (var range in ranges.SelectMany(WithoutSurrogates).OrderBy(range => range.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
            {
                merged[^1] = new(merged[^1].First, Math.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }

        return [.. merged];
    }

    /// <summary>Every scalar value that is not in <paramref name="ranges"/>.</summary>
    public static CodePointRange[] Complement(IEnumerable<CodePointRange> ranges)
    {
        var gaps = new List<CodePointRange>();
        var next = 0;
        foreach (var range in Normalize(ranges))
        {
            gaps.Add(new(next, range.First - 1));
            next = range.Last + 1;
        }

        gaps.Add(new(next, Last));
        return Normalize(gaps);
    }

    /// <summary>What is in the first set and not in the second.</summary>
    public static CodePointRange[] Except(IEnumerable<CodePointRange> set, IEnumerable<CodePointRange> other) =>
        Complement([.. Complement(set), .. other]);

    /// <summary>What is in both of two normalized sets.</summary>
    public static CodePointRange[] Both(ReadOnlySpan<CodePointRange> one, ReadOnlySpan<CodePointRange> other)
    {
        var both = new List<CodePointRange>();
        while (one.Length > 0 && other.Length > 0)
        {
            var range = new CodePointRange(Math.Max(one[0].First, other[0].First), Math.Min(one[0].Last, other[0].Last));
            if (range.First <= range.Last)
            {
                both.Add(range);
            }

            if (one[0].Last < other[0].Last)
            {
                one = one[1..];
            }
            else
            {
                other = other[1..];
            }
        }

        return [.. both];
    }

    /// <summary>Whether a set holds a code point.</summary>
    public static bool Has(CodePointRange[] set, int codePoint) =>
        Array.Exists(set, range => range.First <= codePoint && codePoint <= range.Last);

    /// <summary>A general category by its Unicode name, <c>Lu</c> or <c>L</c> for all that begin so; null where there is none.</summary>
    public static CodePointRange[]? Category(string name) => ByCategory!.Value.GetValueOrDefault(name);

    // In the order of UnicodeCategory.
    private static readonly string[] CategoryNames =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly Lazy<Dictionary<string, CodePointRange[]>> ByCategory = new(static () =>
    {
        var ranges = new Dictionary<string, List<CodePointRange>>(StringComparer.Ordinal);
        for (var codePoint = 0; codePoint <= Last; codePoint++)
        {
            var name = CategoryNames[(int)CharUnicodeInfo.GetUnicodeCategory(codePoint)];
            foreach (var key in new[] { name, name[..1] })
            {
                if (!ranges.TryGetValue(key, out var list))
                {
                    ranges.Add(key, list = []);
                }

                if (list is [.., var last] && last.Last == codePoint - 1)
                {
                    list[^1] = last with { Last = codePoint };
                }
                else
                {
                    list.Add(new(codePoint, codePoint));
                }
            }
        }

        return ranges.ToDictionary(static entry => entry.Key, static entry => Normalize(entry.Value));
    });

    private static IEnumerable<CodePointRange> WithoutSurrogates(CodePointRange range)
    {
        CodePointRange[] parts =
        [
            new(range.First, Math.Min(range.Last, FirstSurrogate - 1)),
            new(Math.Max(range.First, LastSurrogate + 1), range.Last),
        ];
        return parts.Where(part => part.First <= part.Last);
    }
}
