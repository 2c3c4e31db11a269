using System.Globalization;

namespace Crescent.Client.Rendering;

/// <summary>Quantities with the unit that suits their size.</summary>
internal static class Figures
{
    /// <summary>The source of watts and joules that no meter measured.</summary>
    public const string Modelled = "model";

    /// <summary>Energy, such as <c>1.23 J</c>.</summary>
    public static string Joules(double joules) => Scaled(joules, "J");

    /// <summary>Time, such as <c>35 ms</c>.</summary>
    public static string Seconds(double seconds) => seconds switch
    {
        < .0005 => "0 ms",
        < 1 => Text($"{seconds * 1000:0} ms"),
        < 120 => Text($"{seconds:0.0} s"),
        _ => Text($"{seconds / 60:0} min"),
    };

    /// <summary>Power and its cap, such as <c>35/65 W</c>.</summary>
    public static string Watts(double watts, double cap) => cap > 0 ? Text($"{watts:0.#}/{cap:0.#} W") : Text($"{watts:0.#} W");

    /// <summary>Power, such as <c>700 W</c> or <c>42.5 kW</c>.</summary>
    public static string Power(double watts) => watts switch
    {
        < 10_000 => Text($"{watts:0} W"),
        < 1e6 => Text($"{watts / 1e3:0.0} kW"),
        _ => Text($"{watts / 1e6:0.000} MW"),
    };

    /// <summary>A share of a whole, in percent.</summary>
    public static string Share(long part, long whole) => whole > 0 ? Text($"{100.0 * part / whole:0} %") : "-";

    /// <summary>A number with one decimal.</summary>
    public static string Number(double value) => Text($"{value:0.0}");

    private static string Scaled(double value, string unit) => Math.Abs(value) switch
    {
        0 => $"0 {unit}",
        < 1 => Text($"{value * 1000:0.#} m{unit}"),
        < 1000 => Text($"{value:0.00} {unit}"),
        < 1e6 => Text($"{value / 1e3:0.00} k{unit}"),
        _ => Text($"{value / 1e6:0.00} M{unit}"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
