using System.Globalization;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Writes the decimal forms of the integers between two as edges over digits.</summary>
internal static class IntegerRange
{
    /// <summary>Largest size of a bound.</summary>
    public const long Limit = 999_999_999_999_999_999;

    /// <summary>An integer from <paramref name="least"/> to <paramref name="most"/>, without leading zeros.</summary>
    public static int Append(ByteNetwork network, int from, long least, long most)
    {
        var to = network.Add();
        if (most >= 0)
        {
            Magnitudes(network, from, Math.Max(0, least), most, to);
        }

        if (least < 0)
        {
            Magnitudes(network, network.Literal(from, "-"u8), Math.Max(1, -most), -least, to);
        }

        return to;
    }

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, with a fraction or without.</summary>
    public static int AppendWithFraction(ByteNetwork network, JsonFragments json, int from, long least, long most)
    {
        var to = network.Add();
        if (most >= 0)
        {
            WithFraction(network, json, from, Math.Max(0, least), most, to);
        }

        if (least < 0)
        {
            WithFraction(network, json, network.Literal(from, "-"u8), Math.Max(0, -most), -least, to);
        }

        return to;
    }

    /// <summary>Below the upper bound any fraction may follow; the bound itself stands without.</summary>
    private static void WithFraction(ByteNetwork network, JsonFragments json, int from, long least, long most, int to)
    {
        Magnitudes(network, from, most, most, to);
        if (least < most)
        {
            var whole = network.Add();
            Magnitudes(network, from, least, most - 1, whole);
            network.Jump(json.Fraction(whole), to);
        }
    }

    private static void Magnitudes(ByteNetwork network, int from, long least, long most, int to)
    {
        while (least <= most)
        {
            var low = least.ToString(CultureInfo.InvariantCulture);
            var lastOfLength = long.Parse(new string('9', low.Length), CultureInfo.InvariantCulture);
            var high = Math.Min(most, lastOfLength).ToString(CultureInfo.InvariantCulture);
            OfOneLength(network, from, low, high, to);
            if (lastOfLength >= most)
            {
                return;
            }

            least = lastOfLength + 1;
        }
    }

    private static void OfOneLength(ByteNetwork network, int from, string low, string high, int to)
    {
        var same = low.AsSpan().CommonPrefixLength(high);
        for (var i = 0; i < same; i++)
        {
            from = Step(network, from, low[i], low[i]);
        }

        if (same == low.Length)
        {
            network.Jump(from, to);
            return;
        }

        var rest = low.Length - same - 1;
        Between(network, from, (char)(low[same] + 1), (char)(high[same] - 1), rest, to);
        Bounded(network, Step(network, from, low[same], low[same]), low.AsSpan(same + 1), isLeast: true, to);
        Bounded(network, Step(network, from, high[same], high[same]), high.AsSpan(same + 1), isLeast: false, to);
    }

    /// <summary>As many digits as the bound has, no less (or no more) than it.</summary>
    private static void Bounded(ByteNetwork network, int from, ReadOnlySpan<char> bound, bool isLeast, int to)
    {
        for (; bound.Length > 0; bound = bound[1..])
        {
            var (low, high) = isLeast ? ((char)(bound[0] + 1), '9') : ('0', (char)(bound[0] - 1));
            Between(network, from, low, high, bound.Length - 1, to);
            from = Step(network, from, bound[0], bound[0]);
        }

        network.Jump(from, to);
    }

    /// <summary>A digit between two, and any <paramref name="rest"/> digits.</summary>
    private static void Between(ByteNetwork network, int from, char low, char high, int rest, int to)
    {
        if (low > high)
        {
            return;
        }

        from = Step(network, from, low, high);
        for (var i = 0; i < rest; i++)
        {
            from = Step(network, from, '0', '9');
        }

        network.Jump(from, to);
    }

    private static int Step(ByteNetwork network, int from, char low, char high)
    {
        var to = network.Add();
        network.Bytes(from, (byte)low, (byte)high, to);
        return to;
    }
}
