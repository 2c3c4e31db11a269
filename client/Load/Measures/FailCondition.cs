using System.Globalization;
using Crescent.Client.Load.Draws;

namespace Crescent.Client.Load.Measures;

/// <summary>A condition under which a run counts as failed, such as <c>ttft.p99>2s</c>, <c>errors>1%</c>, <c>goodput&lt;10</c>.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Name">Of a metric, or of a single figure.</param>
/// <param name="Statistic">Of a metric: <c>mean</c>, <c>min</c>, <c>max</c> or a percentile such as <c>p99.9</c>; null for a single figure.</param>
/// <param name="Above">Whether it fails above <paramref name="Limit"/>, else below.</param>
/// <param name="Limit">In seconds, tokens, or shares of 1.</param>
internal sealed record FailCondition(string Text, string Name, string? Statistic, bool Above, double Limit)
{
    /// <summary>What <see cref="Parse"/> takes.</summary>
    public const string Form = "METRIC.STATISTIC>VALUE or FIGURE<VALUE, such as ttft.p99>2s, itl.mean>50ms, errors>1%, goodput<10 or degraded>0";

    /// <summary>Figures that a run has one of.</summary>
    public static IReadOnlyList<string> Figures { get; } = ["errors", "goodput", "requests_per_s", "tokens_per_s", "tokens_per_s_steady", "degraded", "stable", "joules_per_token", "host_joules_per_token", "factory_watts"];

    /// <summary>Reads one; null where it is none.</summary>
    public static FailCondition? Parse(string text)
    {
        var at = text.AsSpan().IndexOfAny('<', '>');
        if (at <= 0)
        {
            return null;
        }

        var left = text[..at].Trim();
        var right = text[(at + 1)..].Trim();
        double? limit = right.EndsWith('%') ? Distribution.Number(right[..^1]) / 100 : TimeText.Seconds(right) ?? Distribution.Number(right);
        var dot = left.IndexOf('.', StringComparison.Ordinal);
        var (name, statistic) = dot < 0 ? (left, null) : (left[..dot], left[(dot + 1)..]);
        var known = statistic is null ? Figures.Contains(name) : new LoadMeasures().All.Any(metric => metric.Name == name) && Percent(statistic) is not null;
        return limit is { } value && known ? new FailCondition(text, name, statistic, text[at] == '>', value) : null;
    }

    /// <summary>Whether a run fails by it; so does one that has no value to hold against it, as where no call succeeded.</summary>
    /// <param name="measures">The run's metrics.</param>
    /// <param name="figures">Its single figures.</param>
    public (bool Fails, double Value) Check(LoadMeasures measures, IReadOnlyDictionary<string, double> figures)
    {
        var value = Statistic is null ? figures[Name] : Read(measures.All.First(metric => metric.Name == Name).Values);
        return (double.IsNaN(value) || (Above ? value > Limit : value < Limit), value);
    }

    private static double? Percent(string statistic) => statistic switch
    {
        "mean" or "min" or "max" => -1,
        _ => statistic.StartsWith('p') && double.TryParse(statistic.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and <= 100
            ? percent
            : null,
    };

    private double Read(Histogram values) => values.Count == 0 ? double.NaN : Statistic switch
    {
        "mean" => values.Mean,
        "min" => values.Least,
        "max" => values.Most,
        _ => values.Percentile(Percent(Statistic!)!.Value),
    };
}
