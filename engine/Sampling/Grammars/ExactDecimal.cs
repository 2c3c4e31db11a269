using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A decimal number exactly as it is written: <paramref name="Digits"/> / 10^<paramref name="Scale"/>.</summary>
/// <param name="Digits">All its digits as a whole number.</param>
/// <param name="Scale">How many of them stand behind the point; 0 and up.</param>
internal readonly record struct ExactDecimal(BigInteger Digits, int Scale)
{
    // A bound beyond these is as good as one there: nothing is written that is as large or as fine.
    private const int MaxExponent = 60;

    /// <summary>Reads a JSON number.</summary>
    public static ExactDecimal Read(JsonElement number)
    {
        var text = number.GetRawText();
        var mark = text.AsSpan().IndexOfAny('e', 'E');
        var mantissa = mark < 0 ? text : text[..mark];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = BigInteger.Parse(mantissa.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        var exponent = mark < 0 ? BigInteger.Zero : BigInteger.Parse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        exponent -= point < 0 ? 0 : mantissa.Length - point - 1;
        if (digits.IsZero)
        {
            return default;
        }

        // Far out: the sign alone counts.
        return exponent > MaxExponent ? new ExactDecimal(digits.Sign * BigInteger.Pow(10, MaxExponent), 0)
            : exponent >= 0 ? new ExactDecimal(digits * BigInteger.Pow(10, (int)exponent), 0)
            : exponent < -10 * MaxExponent ? new ExactDecimal(digits.Sign, MaxExponent)
            : Shortened(digits, (int)-exponent);
    }

    /// <summary>The largest whole number of 10^-<paramref name="scale"/> that is not above it, and whether it is that number.</summary>
    public (BigInteger Whole, bool IsExact) Floor(int scale)
    {
        if (scale >= Scale)
        {
            return (Digits * BigInteger.Pow(10, scale - Scale), true);
        }

        var unit = BigInteger.Pow(10, Scale - scale);
        var rest = ((Digits % unit) + unit) % unit;
        return ((Digits - rest) / unit, rest.IsZero);
    }

    private static ExactDecimal Shortened(BigInteger digits, int scale)
    {
        while (scale > 0 && digits % 10 == 0)
        {
            (digits, scale) = (digits / 10, scale - 1);
        }

        return new ExactDecimal(digits, scale);
    }
}
