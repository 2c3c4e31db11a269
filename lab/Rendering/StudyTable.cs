using System.Globalization;
using Crescent.Lab.Studies;
using Spectre.Console;

namespace Crescent.Lab.Rendering;

/// <summary>A study as a table: a row for each load, budget and policy, in the mean over the seeds.</summary>
internal static class StudyTable
{
    public static Table Of(StudyReport report)
    {
        var full = report.Full;
        var found = double.IsNaN(full.Attainment)
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"; there kv-queue meets the SLO for {full.Attainment:0.0 %}, all but idle for {full.IdleAttainment:0.0 %}");
        var table = new Table()
            .Title(Markup.Escape($"simulated: {report.Options.Trace.Name} on {report.Options.Fleet}, {report.Options.Seeds} seeds"))
            .Caption(Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"load 1 = {full.Rate:0.00} requests/s{found}; x = against the best baseline at that load and budget, which is marked *")))
            .Border(TableBorder.Simple);
        foreach (var column in (string[])["load", "budget"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("policy");
        foreach (var column in (string[])["SLO met", "tokens/J at wall", "x", "of GPUs", "x", "good/s", "x", "good/s/MW", "x", "TTFT p50/p99 s", "ITL p50/p99 ms", "kW", "over s", "refused"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var budget in report.Groups.GroupBy(static group => (group.Key.Load, group.Key.Budget)))
        {
            var best = report.Baseline(budget.Key.Load, budget.Key.Budget);
            foreach (var group in budget)
            {
                var mean = StudyMean.Of(group);
                table.AddRow(Row(group.Key, mean, best?.Mean ?? mean, group.Key.Policy == best?.Policy));
            }
        }

        return table;
    }

    private static string[] Row((double Load, double Budget, string Policy) key, StudyMean mean, StudyMean best, bool isBest) =>
    [
        Text($"{key.Load:0.##}"),
        Text($"{key.Budget:0.##}"),
        Markup.Escape(isBest ? $"{key.Policy} *" : key.Policy),
        Text($"{mean.SloAttainment:0.00 %}"),
        Text($"{mean.TokensPerJouleAtWall:0.0000}"),
        Text($"{mean.TokensPerJouleAtWall / best.TokensPerJouleAtWall:0.00}"),
        Text($"{mean.TokensPerJoule:0.0000}"),
        Text($"{mean.TokensPerJoule / best.TokensPerJoule:0.00}"),
        Text($"{mean.Goodput:0.00}"),
        Text($"{mean.Goodput / best.Goodput:0.00}"),
        Text($"{mean.GoodputPerMegawatt:0.0}"),
        Text($"{mean.GoodputPerMegawatt / best.GoodputPerMegawatt:0.00}"),
        Text($"{Seconds(mean.TtftP50)}/{Seconds(mean.TtftP99)}"),
        Text($"{Milliseconds(mean.ItlP50)}/{Milliseconds(mean.ItlP99)}"),
        Text($"{mean.Watts / 1000:0.0}"),
        Text($"{mean.OverBudgetSeconds:0.##}"),
        Text($"{mean.RefusedShare:0.0 %}"),
    ];

    /// <summary>Requests that are not served wait for ever; so does a percentile that falls among them.</summary>
    private static string Seconds(double seconds) => double.IsInfinity(seconds) ? "refused" : Text($"{seconds:0.00}");

    private static string Milliseconds(double seconds) => double.IsInfinity(seconds) ? "refused" : Text($"{seconds * 1000:0}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
