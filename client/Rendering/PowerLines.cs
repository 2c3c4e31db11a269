using System.Globalization;
using Crescent.Grains.Contracts.Power;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Client.Rendering;

/// <summary>Power budgets and caps as text.</summary>
internal static class PowerLines
{
    /// <summary>A governor that is not heard for longer is called silent, in seconds.</summary>
    private const double SilentSeconds = 3;

    private const int MostEvents = 10;

    /// <summary>All of it: a line of totals, a table of levels, the newest events.</summary>
    public static IRenderable Of(PowerSnapshot power)
    {
        var lines = new List<IRenderable> { new Text(Summary(power)) };
        if (power.Levels.Count > 0)
        {
            lines.Add(Levels(power));
        }

        if (power.Draining.Count > 0)
        {
            lines.Add(new Text($"drained for power: {string.Join(", ", power.Draining)}", new Style(Color.Yellow)));
        }

        lines.AddRange(power.Events.TakeLast(MostEvents).Select(static e => new Text(string.Create(
            CultureInfo.InvariantCulture, $"{e.At:HH:mm:ss} {e.What} · {e.Level} · {Figures.Power(e.Watts)} of {(e.BudgetWatts > 0 ? Figures.Power(e.BudgetWatts) : "no budget")}"))));
        return new Rows(lines);
    }

    /// <summary>Watts, caps, budget and the governor's state in one line.</summary>
    public static string Summary(PowerSnapshot power)
    {
        var budget = power.Budgets switch
        {
            { ClusterShare: { } share } => string.Create(
                CultureInfo.InvariantCulture, $"budget {Figures.Power(share * power.NameplateWatts)} ({100 * share:0.#} % of the nameplate)"),
            { ClusterWatts: { } watts } => $"budget {Figures.Power(watts)}",
            _ => "no budget",
        };
        var governor = power.Governor.Length == 0 ? "no governor yet"
            : power.AgeSeconds > SilentSeconds ? $"governor in {power.Governor} silent for {Figures.Seconds(power.AgeSeconds)}"
            : $"governor in {power.Governor}, {power.Controller}";
        var text = $"power {Figures.Power(power.Watts)} · caps {Figures.Power(power.CapWatts)} · {budget} · {governor}";
        text = power.DeferBatch ? text + " · batch calls wait" : text;
        return power.Simulated ? text + " (simulated)" : text;
    }

    /// <summary>A row a level that has a budget.</summary>
    public static Table Levels(PowerSnapshot power)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        table.AddColumn("Level");
        foreach (var name in (string[])["Budget", "Drawn", "Caps", "May be in force", "Price"])
        {
            table.AddColumn(new TableColumn(name) { Alignment = Justify.Right, NoWrap = true });
        }

        table.AddColumn("Remedy");
        foreach (var level in power.Levels)
        {
            table.AddRow(
                new Text(level.Name.Length == 0 ? level.Kind : $"{level.Kind} {level.Name}"),
                new Text(Figures.Power(level.BudgetWatts) + (level.BudgetWatts < level.LeastWatts ? " (below the lowest caps)" : "")),
                new Text(Figures.Power(level.Watts)),
                new Text(Figures.Power(level.CapWatts)),
                new Text(Figures.Power(level.ExposedWatts)),
                new Text(level.Price.ToString("0.00", CultureInfo.InvariantCulture)),
                new Text(level.Action == "none" ? "-" : level.Action));
        }

        return table;
    }
}
