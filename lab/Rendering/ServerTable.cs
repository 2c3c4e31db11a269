using System.Globalization;
using Crescent.Lab.Studies;
using Spectre.Console;

namespace Crescent.Lab.Rendering;

/// <summary>A study of servers as a table, a row a variant.</summary>
internal static class ServerTable
{
    public static Table Of(ServerReport report)
    {
        var options = report.Options;
        var table = new Table()
            .Title(Markup.Escape(Text($"simulated: {options.Days} days of {options.Day.Seconds:0} s of {options.Trace.Name} on {options.Fleet}, placement {options.Policy}")))
            .Caption(Markup.Escape(Text(
                $"peak {options.PeakRate:0.0} requests/s, trough {options.Day.Trough:0.##} of it; the planner and its {options.WakeSeconds:0} s to wake a server take such a day for 24 h; GPU hours and joules are of the days as run")))
            .Border(TableBorder.Simple);
        table.AddColumn("servers by");
        foreach (var column in (string[])["SLO met", "refused", "TTFT p50 s", "p99", "ITL p99 ms", "GPU h", "wakes", "GPUs MJ", "wall MJ", "tokens/J wall"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var (variant, result) in report.Runs)
        {
            table.AddRow(
                Markup.Escape(variant),
                Text($"{result.SloAttainment:0.0 %}"),
                Text($"{result.Refused}"),
                Text($"{result.TtftP50:0.000}"),
                Text($"{result.TtftP99:0.000}"),
                Text($"{1000 * result.ItlP99:0.0}"),
                Text($"{result.GpuHours:0.0}"),
                Text($"{result.Wakes}"),
                Text($"{result.Joules / 1e6:0.0}"),
                Text($"{result.WallJoules / 1e6:0.0}"),
                Text($"{result.TokensPerJouleAtWall:0.0000}"));
        }

        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
