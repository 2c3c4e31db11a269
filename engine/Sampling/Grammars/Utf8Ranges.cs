using System.Text;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Writes a range of code points as edges over UTF-8 bytes. A range is cut where the length of the form changes and where the
/// continuation bytes do not run their full course, so that each piece is a sequence of byte ranges.
/// </summary>
internal static class Utf8Ranges
{
    private const int ContinuationBits = 6;
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];

    /// <summary>Adds edges for <paramref name="first"/> to <paramref name="last"/>, which hold no surrogate.</summary>
    public static void Append(ByteNetwork network, int from, int first, int last, int to)
    {
        foreach (var limit in LastOfLength)
        {
            if (first <= limit)
            {
                AppendOfOneLength(network, from, first, Math.Min(last, limit), to);
                first = limit + 1;
            }

            if (first > last)
            {
                return;
            }
        }
    }

    private static void AppendOfOneLength(ByteNetwork network, int from, int first, int last, int to)
    {
        for (var bits = ContinuationBits; bits <= 3 * ContinuationBits && last > 0x7F; bits += ContinuationBits)
        {
            var mask = (1 << bits) - 1;
            if ((first & ~mask) == (last & ~mask))
            {
                break;
            }

            if ((first & mask) != 0)
            {
                AppendOfOneLength(network, from, first, first | mask, to);
                AppendOfOneLength(network, from, (first | mask) + 1, last, to);
                return;
            }

            if ((last & mask) != mask)
            {
                AppendOfOneLength(network, from, first, (last & ~mask) - 1, to);
                AppendOfOneLength(network, from, last & ~mask, last, to);
                return;
            }
        }

        Span<byte> low = stackalloc byte[4];
        Span<byte> high = stackalloc byte[4];
        var length = new Rune(first).EncodeToUtf8(low);
        new Rune(last).EncodeToUtf8(high);
        for (var i = 0; i < length; i++)
        {
            var next = i + 1 == length ? to : network.Add();
            network.Bytes(from, low[i], high[i], next);
            from = next;
        }
    }
}
