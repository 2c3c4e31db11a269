using System.Globalization;

namespace Crescent.Client.Load.Draws;

/// <summary>How lengths or times are drawn; never below 0.</summary>
internal sealed class Distribution
{
    /// <summary>What <see cref="Parse"/> takes, for help and errors.</summary>
    public const string Forms = "V, uniform:LOW,HIGH, normal:MEAN,SD, exponential:MEAN, lognormal:MEDIAN,SIGMA or gamma:MEAN,CV";

    private readonly Kind _kind;
    private readonly double _first;
    private readonly double _second;
    private readonly string _text;

    private Distribution(Kind kind, double first, double second, string text)
    {
        _kind = kind;
        _first = first;
        _second = second;
        _text = text;
    }

    private enum Kind
    {
        Constant,
        Uniform,
        Normal,
        Exponential,
        LogNormal,
        Gamma,
    }

    /// <summary>Whether all that is drawn is 0.</summary>
    public bool IsZero => _kind == Kind.Constant && _first == 0;

    /// <summary>Always <paramref name="value"/>.</summary>
    public static Distribution Constant(double value) => new(Kind.Constant, value, 0, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads one of <see cref="Forms"/>.</summary>
    /// <param name="text">What is written.</param>
    /// <param name="quantity">Reads a quantity such as <c>200ms</c>; null for what is none. Spreads (SIGMA, CV) are plain numbers.</param>
    /// <returns>Null where it is none of them.</returns>
    public static Distribution? Parse(string text, Func<string, double?> quantity)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? "constant" : text[..colon].Trim();
        var parts = text[(colon + 1)..].Split(',', StringSplitOptions.TrimEntries);
        var first = quantity(parts[0]);
        var second = parts.Length == 2 ? name is "lognormal" or "gamma" ? Number(parts[1]) : quantity(parts[1]) : null;
        return (name, first, second, parts.Length) switch
        {
            ("constant", >= 0, _, 1) => new(Kind.Constant, first.Value, 0, text),
            ("exponential", >= 0, _, 1) => new(Kind.Exponential, first.Value, 0, text),
            ("uniform", >= 0, { } high, 2) when high >= first => new(Kind.Uniform, first.Value, high, text),
            ("normal", >= 0, >= 0, 2) => new(Kind.Normal, first.Value, second.Value, text),
            ("lognormal", > 0, >= 0 and <= 5, 2) => new(Kind.LogNormal, first.Value, second.Value, text),
            ("gamma", >= 0, > 0 and <= 100, 2) => new(Kind.Gamma, first.Value, second.Value, text),
            _ => null,
        };
    }

    /// <summary>A plain number, as counts of tokens are.</summary>
    public static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    /// <summary>Draws one.</summary>
    public double Draw(ref SeededStream stream) => Math.Max(0, _kind switch
    {
        Kind.Constant => _first,
        Kind.Uniform => _first + ((_second - _first) * stream.Uniform()),
        Kind.Normal => _first + (_second * stream.Normal()),
        Kind.Exponential => _first * stream.Exponential(),
        Kind.LogNormal => _first * Math.Exp(_second * stream.Normal()),
        _ => _first * stream.Gamma(1 / (_second * _second)),
    });

    /// <summary>Draws a count of at least <paramref name="least"/>.</summary>
    public int DrawCount(ref SeededStream stream, int least, int most = 10_000_000) => (int)Math.Clamp(Math.Round(Draw(ref stream)), least, most);

    public override string ToString() => _text;
}
