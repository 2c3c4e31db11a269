using System.Globalization;
using Crescent.Lab.Studies;
using Spectre.Console;

namespace Crescent.Lab.Rendering;

/// <summary>Agents that devices serve at once as a table, a row for each tier and system.</summary>
internal static class AgentTable
{
    public static Table Of(IReadOnlyList<AgentRun> runs)
    {
        var table = new Table()
            .Title("simulated: coding agents at once")
            .Caption("x = against the first system in the same tier; MW of GPUs and at the wall as drawn")
            .Border(TableBorder.Simple);
        table.AddColumn("tier");
        table.AddColumn("system");
        foreach (var column in (string[])["agents", "a GPU", "a MW of GPUs", "x", "a MW at wall", "x", "tokens/s p25", "TTFT p95 s", "cached"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var tier in runs.GroupBy(static run => run.Tier))
        {
            var first = tier.First();
            foreach (var run in tier)
            {
                table.AddRow(
                    Text($"{run.Tier.Speed:0} tokens/s, {run.Tier.TtftSeconds:0} s"),
                    Markup.Escape(run.System),
                    Text($"{run.Agents}"),
                    Text($"{run.PerGpu:0.00}"),
                    Text($"{run.PerMegawatt:#,0}"),
                    Ratio(run.PerMegawatt, first.PerMegawatt),
                    Text($"{run.PerMegawattAtWall:#,0}"),
                    Ratio(run.PerMegawattAtWall, first.PerMegawattAtWall),
                    Text($"{run.SpeedP25:0.0}"),
                    double.IsFinite(run.TtftP95) ? Text($"{run.TtftP95:0.00}") : "refused",
                    Text($"{run.CachedShare:0.0 %}"));
            }
        }

        return table;
    }

    private static string Ratio(double value, double first) => first > 0 ? Text($"{value / first:0.0}") : "-";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
