using System.Globalization;
using Crescent.Lab.Studies;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Lab.Rendering;

/// <summary>Agents that devices serve at once as a table, a row for each tier and system.</summary>
internal static class AgentTable
{
    /// <summary>How many there are, and what kept them from being more.</summary>
    public static IRenderable Of(IReadOnlyList<AgentRun> runs) => new Rows(Found(runs), Limits(runs));

    private static Table Limits(IReadOnlyList<AgentRun> runs)
    {
        var table = new Table()
            .Title("simulated: the fewest that were too many, and what they met")
            .Caption("busy: of the devices' time; prompts: of that, in steps with prompts; KV: of its memory, held by calls at the most; new: prompt tokens that no cache held")
            .Border(TableBorder.Simple);
        table.AddColumn("tier");
        table.AddColumn("system");
        table.AddColumn("policy");
        foreach (var column in (string[])["agents", "tokens/s p25", "TTFT p95 s", "busy", "prompts", "KV", "new p95"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("short of");
        foreach (var run in runs)
        {
            if (run.Limit is { } limit)
            {
                table.AddRow(
                    Tier(run),
                    Markup.Escape(run.System),
                    Markup.Escape(run.Policy),
                    Text($"{limit.Agents}"),
                    Text($"{limit.SpeedP25:0.0}"),
                    Seconds(limit.TtftP95),
                    Text($"{limit.BusyShare:0 %}"),
                    Text($"{limit.PromptShare:0 %}"),
                    Text($"{limit.MostKvShare:0 %}"),
                    Text($"{limit.NewTokensP95:#,0}"),
                    limit.Cause);
            }
        }

        return table;
    }

    private static Table Found(IReadOnlyList<AgentRun> runs)
    {
        var table = new Table()
            .Title("simulated: coding agents at once")
            .Caption("x = against the first system in the same tier; MW of GPUs and at the wall as drawn")
            .Border(TableBorder.Simple);
        table.AddColumn("tier");
        table.AddColumn("system");
        table.AddColumn("policy");
        foreach (var column in (string[])["agents", "a GPU", "W a GPU", "a MW of GPUs", "x", "a MW at wall", "x", "tokens/s p25", "TTFT p95 s", "cached"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var tier in runs.GroupBy(static run => run.Tier))
        {
            var first = tier.First();
            foreach (var run in tier)
            {
                table.AddRow(
                    Tier(run),
                    Markup.Escape(run.System),
                    Markup.Escape(run.Policy),
                    Text($"{run.Agents}"),
                    Text($"{run.PerGpu:0.00}"),
                    Text($"{run.WattsPerGpu:0}"),
                    Text($"{run.PerMegawatt:#,0}"),
                    Ratio(run.PerMegawatt, first.PerMegawatt),
                    Text($"{run.PerMegawattAtWall:#,0}"),
                    Ratio(run.PerMegawattAtWall, first.PerMegawattAtWall),
                    Text($"{run.SpeedP25:0.0}"),
                    Seconds(run.TtftP95),
                    Text($"{run.CachedShare:0.0 %}"));
            }
        }

        return table;
    }

    private static string Tier(AgentRun run) => Text($"{run.Tier.Speed:0} tokens/s, {run.Tier.TtftSeconds:0} s");

    private static string Seconds(double seconds) => double.IsFinite(seconds) ? Text($"{seconds:0.00}") : "refused";

    private static string Ratio(double value, double first) => first > 0 ? Text($"{value / first:0.0}") : "-";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
