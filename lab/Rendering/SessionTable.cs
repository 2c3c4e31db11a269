using System.Globalization;
using Crescent.Lab.Studies;
using Spectre.Console;

namespace Crescent.Lab.Rendering;

/// <summary>A study of sessions as a table: a row for each load and variant, in the mean over the seeds.</summary>
internal static class SessionTable
{
    public static Table Of(SessionReport report)
    {
        var options = report.Options;
        var table = new Table()
            .Title(Markup.Escape($"simulated: {options.Trace.Name} on {options.Fleet}, placement {options.Policy}, {options.Seeds} seeds"))
            .Caption(Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"load 1 = {report.FullRate:0.0000} sessions/s; x = the first variant's time over this one's; ± = over the seeds")))
            .Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("load").RightAligned());
        table.AddColumn("variant");
        foreach (var column in (string[])["task mean s", "x", "p50", "p90", "in calls mean s", "x", "p90", "calls/s", "SLO met", "tokens/J", "Jain", "cached", "tasks", "unfinished"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var load in report.Runs.GroupBy(static run => run.Load))
        {
            var first = load.First().Variant;
            var measure = load.Where(run => run.Variant == first).ToList();
            foreach (var variant in load.GroupBy(static run => run.Variant))
            {
                table.AddRow(Row(load.Key, variant.Key, [.. variant], measure));
            }
        }

        return table;
    }

    private static string[] Row(double load, string variant, List<SessionRunResult> runs, List<SessionRunResult> first)
    {
        double Mean(Func<SessionRunResult, double> of) => runs.Average(of);
        return
        [
            Text($"{load:0.##}"),
            Markup.Escape(variant),
            Text($"{Mean(static r => r.Result.MeanTaskSeconds):0.0} ± {Spread(runs, static r => r.Result.MeanTaskSeconds):0.0}"),
            Text($"{first.Average(static r => r.Result.MeanTaskSeconds) / Mean(static r => r.Result.MeanTaskSeconds):0.00}"),
            Text($"{Mean(static r => r.Result.TaskSecondsP50):0.0}"),
            Text($"{Mean(static r => r.Result.TaskSecondsP90):0.0}"),
            Text($"{Mean(static r => r.Result.MeanCallSeconds):0.0} ± {Spread(runs, static r => r.Result.MeanCallSeconds):0.0}"),
            Text($"{first.Average(static r => r.Result.MeanCallSeconds) / Mean(static r => r.Result.MeanCallSeconds):0.00}"),
            Text($"{Mean(static r => r.Result.CallSecondsP90):0.0}"),
            Text($"{Mean(static r => r.Result.CallsPerSecond):0.00}"),
            Text($"{Mean(static r => r.Result.SloAttainment):0.0 %}"),
            Text($"{Mean(static r => r.Result.Fleet.TokensPerJoule):0.0000}"),
            Text($"{Mean(static r => r.Result.Fairness):0.00}"),
            Text($"{Mean(static r => r.Result.CachedShare):0.0 %}"),
            Text($"{Mean(static r => r.Result.Tasks):0}"),
            Text($"{Mean(static r => r.Result.Unfinished):0.#}"),
        ];
    }

    private static double Spread(List<SessionRunResult> runs, Func<SessionRunResult, double> of)
    {
        var mean = runs.Average(of);
        return runs.Count > 1 ? Math.Sqrt(runs.Sum(run => Math.Pow(of(run) - mean, 2)) / (runs.Count - 1)) : 0;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
