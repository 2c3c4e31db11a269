using System.Globalization;

namespace Crescent.Client.Load.Draws;

/// <summary>Times as they are written on a command line: <c>250us</c>, <c>20ms</c>, <c>1.5s</c>, <c>2min</c>.</summary>
internal static class TimeText
{
    private static readonly (string Unit, double Seconds)[] Units = [("us", 1e-6), ("ms", 1e-3), ("min", 60), ("h", 3600), ("s", 1)];

    /// <summary>Seconds; null where it is no time with a unit. 0 needs none.</summary>
    public static double? Seconds(string text)
    {
        foreach (var (unit, seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal))
            {
                return double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                    ? value * seconds
                    : null;
            }
        }

        return text == "0" ? 0 : null;
    }
}
