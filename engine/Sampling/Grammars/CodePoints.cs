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
