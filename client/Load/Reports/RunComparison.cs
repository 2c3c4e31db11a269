using System.Globalization;
using Spectre.Console;

namespace Crescent.Client.Load.Reports;

/// <summary>Runs side by side, the newest first, each of the others with the ratio of the newest to it.</summary>
internal static class RunComparison
{
    private static readonly (string Metric, string Statistic)[] Metrics =
    [
        ("ttft", "p50"), ("ttft", "p95"), ("ttft", "p99"), ("itl", "p50"), ("itl", "p99"), ("latency", "p50"), ("latency", "p99"), ("user_tps", "p50"),
    ];

    private static readonly string[] Figures = ["requests_per_s", "tokens_per_s", "goodput", "errors", "joules_per_token", "host_joules_per_token"];

    /// <summary>A row a figure: its name, the newest value, and of each other run its value and the ratio.</summary>
    internal static IEnumerable<(string Name, double Now, (double Value, double Ratio)[] Others)> Rows(EarlierRun now, IReadOnlyList<EarlierRun> others)
    {
        foreach (var (metric, statistic) in Metrics)
        {
            yield return Row($"{metric}.{statistic}", run => run.Metric(metric, statistic));
        }

        foreach (var figure in Figures)
        {
            yield return Row(figure, run => run.Figure(figure));
        }

        (string, double, (double, double)[]) Row(string name, Func<EarlierRun, double> value) =>
            (name, value(now), [.. others.Select(other => (value(other), value(now) / value(other)))]);
    }

    /// <summary>As a table.</summary>
    public static Table Of(EarlierRun now, IReadOnlyList<EarlierRun> others)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        table.AddColumn(new TableColumn("") { NoWrap = true });
        table.AddColumn(new TableColumn("this run") { NoWrap = true, Alignment = Justify.Right });
        foreach (var other in others)
        {
            table.AddColumn(new TableColumn(Markup.Escape(Name(other))) { Alignment = Justify.Right });
            table.AddColumn(new TableColumn("this / it") { NoWrap = true, Alignment = Justify.Right });
        }

        foreach (var row in Rows(now, others).Where(static row => double.IsFinite(row.Now) || row.Others.Any(static other => double.IsFinite(other.Value))))
        {
            table.AddRow([
                new Text(row.Name), new Text(Number(row.Now)),
                .. row.Others.SelectMany(static other => (Text[])[new Text(Number(other.Value)), new Text(double.IsFinite(other.Ratio) ? other.Ratio.ToString("0.00", CultureInfo.InvariantCulture) : "-")]),
            ]);
        }

        return table;
    }

    /// <summary>A run's name, with a word where its figures are in part the generator's.</summary>
    public static string Name(EarlierRun run) => run.Degraded ? $"{run.Name} (degraded)" : run.Name;

    /// <summary>A figure with four digits.</summary>
    internal static string Number(double value) => double.IsFinite(value) ? value.ToString(Math.Abs(value) >= 1000 ? "#,0" : "G4", CultureInfo.InvariantCulture) : "-";
}
