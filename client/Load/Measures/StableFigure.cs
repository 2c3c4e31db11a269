using System.Globalization;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Load.Measures;

/// <summary>A figure that is to hold, such as <c>latency.p95</c> or <c>tokens_per_s</c>, as it is had of a stretch of a run.</summary>
/// <param name="Name">As it was written.</param>
/// <param name="Read">Its value of a whole answer, NaN where that has none; null for what is counted a second.</param>
/// <param name="Percent">The percentile of those values; 0 for their mean.</param>
/// <param name="CountsTokens">Of what is counted a second: whether tokens, else answers.</param>
internal sealed record StableFigure(string Name, Func<CallRecord, double>? Read, double Percent = 0, bool CountsTokens = false)
{
    /// <summary>What <see cref="Parse"/> takes.</summary>
    public const string Form = "tokens_per_s, requests_per_s, or METRIC.mean or METRIC.pN (N from 0.1 to 99.9) of ttft, ttft_actual, ttfo, ttfo_actual, itl, latency and latency_actual";

    private const double LeastPercent = 0.1;
    private const double MostPercent = 99.9;
    private const int LeastCalls = 10;

    private static readonly Dictionary<string, Func<CallRecord, double>> Metrics = new()
    {
        ["ttft"] = static call => Time(call.Intended, call.First),
        ["ttft_actual"] = static call => Time(call.Started, call.First),
        ["ttfo"] = static call => Time(call.Intended, call.FirstOutput),
        ["ttfo_actual"] = static call => Time(call.Started, call.FirstOutput),
        ["itl"] = static call => call.TokenTicks is { } ticks ? PreciseClock.Seconds((long)Math.Round(ticks)) : double.NaN,
        ["latency"] = static call => Time(call.Intended, call.Ended),
        ["latency_actual"] = static call => Time(call.Started, call.Ended),
    };

    /// <summary>A stretch of fewer calls says nothing of it: a percentile needs one call above it and one below it at least.</summary>
    public int Least => Percent == 0 ? LeastCalls : Math.Max(LeastCalls, Math.Max((int)Math.Ceiling((100 / (100 - Percent)) - 1e-9), (int)Math.Floor((100 / Percent) + 1e-9) + 1));

    /// <summary>Whether it is of times within an answer, which one that comes whole does not tell.</summary>
    public bool NeedsStream => Name.StartsWith("ttf", StringComparison.Ordinal) || Name.StartsWith("itl", StringComparison.Ordinal);

    /// <summary>Reads one; null where it is none.</summary>
    public static StableFigure? Parse(string text)
    {
        if (text is "tokens_per_s" or "requests_per_s")
        {
            return new StableFigure(text, null, CountsTokens: text == "tokens_per_s");
        }

        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !Metrics.TryGetValue(text[..dot], out var read))
        {
            return null;
        }

        var statistic = text.AsSpan(dot + 1);
        return statistic is "mean" ? new StableFigure(text, read)
            : statistic.StartsWith("p") && double.TryParse(statistic[1..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is >= LeastPercent and <= MostPercent
                ? new StableFigure(text, read, percent)
                : null;
    }

    /// <summary>Its value of the values of a stretch, which are put in order; NaN where one is missing.</summary>
    public double Of(Span<float> values)
    {
        if (Percent == 0)
        {
            var sum = 0.0;
            foreach (var value in values)
            {
                sum += value;
            }

            return sum / values.Length;
        }

        // By nearest rank, as histograms here; what is missing comes first.
        values.Sort();
        return float.IsNaN(values[0]) ? double.NaN : values[Math.Max(1, (int)Math.Ceiling((values.Length * Percent / 100) - 1e-9)) - 1];
    }

    private static double Time(long from, long to) => to > 0 ? PreciseClock.Seconds(to - from) : double.NaN;
}
