using System.Globalization;

namespace Crescent.Grains.Contracts.Power;

/// <summary>A budget as it is written: watts (<c>700</c>, <c>700W</c>, <c>42.5kW</c>, <c>1.2MW</c>), or a share of the nameplate (<c>0.7</c>, <c>70%</c>).</summary>
/// <param name="Watts">Watts; null for a share.</param>
/// <param name="Share">Above 0 and up to 1; null for watts.</param>
public readonly record struct PowerQuantity(double? Watts, double? Share)
{
    /// <summary>What a text may be, for messages.</summary>
    public const string Takes = "watts above 1, such as 700, 42.5kW or 1.2MW, or a share of the nameplate, such as 0.7 or 70%";

    /// <summary>Reads a text; false when it is none.</summary>
    public static bool TryParse(string? text, out PowerQuantity quantity)
    {
        var trimmed = text?.Trim() ?? "";
        var (digits, unit) = Split(trimmed);
        quantity = default;
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || !(number > 0) || !double.IsFinite(number))
        {
            return false;
        }

        quantity = unit switch
        {
            "%" => new PowerQuantity(null, number / 100),
            "" when number <= 1 => new PowerQuantity(null, number),
            "" or "W" or "w" => new PowerQuantity(number, null),
            "kW" or "kw" or "KW" => new PowerQuantity(number * 1e3, null),
            "MW" => new PowerQuantity(number * 1e6, null),
            _ => default,
        };
        return quantity.Watts > 0 || quantity.Share is > 0 and <= 1;
    }

    private static (string Digits, string Unit) Split(string text)
    {
        var end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]))
        {
            end--;
        }

        return (text[..end], text[end..].Trim());
    }
}
