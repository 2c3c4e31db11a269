using System.Globalization;
using Crescent.Lab.Fleet;
using Crescent.Lab.Studies;
using ScottPlot;

namespace Crescent.Lab.Plots;

/// <summary>Draws a study as PNG files; each says that it is simulated.</summary>
public static class StudyPlots
{
    private const int Width = 1000;
    private const int Height = 600;

    /// <summary>Draws all plots into <paramref name="folder"/>, which exists: goodput and joules by load, the frontier of speed and energy, power over time.</summary>
    public static void Draw(StudyReport report, string folder)
    {
        foreach (var (file, plot) in Of(report))
        {
            plot.SavePng(Path.Combine(folder, file), Width, Height);
        }
    }

    /// <summary>The plots, each with the name of its file.</summary>
    internal static IEnumerable<(string File, Plot Plot)> Of(StudyReport report)
    {
        var means = report.Groups.Select(static group => (group.Key, Mean: StudyMean.Of(group))).ToList();
        yield return ("goodput.png", ByLoad(report, means, "SLO goodput, requests/s", static mean => mean.Goodput));
        yield return ("goodput-per-megawatt.png", ByLoad(report, means, "SLO goodput per MW drawn, requests/s", static mean => mean.GoodputPerMegawatt));
        yield return ("joules-per-good-token.png", ByLoad(report, means, "J per good token", static mean => mean.JoulesPerGoodToken));
        yield return ("frontier.png", Frontier(report, means));
        yield return ("power.png", PowerOverTime(report));
    }

    private static Plot ByLoad(
        StudyReport report, List<((double Load, double Budget, string Policy) Key, StudyMean Mean)> means, string what, Func<StudyMean, double> value)
    {
        var plot = Begin(report, what);
        foreach (var line in means.GroupBy(static mean => (mean.Key.Policy, mean.Key.Budget)))
        {
            Line(plot, [.. line.Select(static mean => mean.Key.Load)], [.. line.Select(mean => value(mean.Mean))], Label(line.Key.Policy, line.Key.Budget));
        }

        plot.XLabel("load");
        plot.YLabel(what);
        return plot;
    }

    private static Plot Frontier(StudyReport report, List<((double Load, double Budget, string Policy) Key, StudyMean Mean)> means)
    {
        var plot = Begin(report, "frontier: speed of a user against energy");
        foreach (var line in means.GroupBy(static mean => (mean.Key.Policy, mean.Key.Budget)))
        {
            Line(plot, [.. line.Select(static mean => 1 / mean.Mean.ItlP50)], [.. line.Select(static mean => mean.Mean.TokensPerJoule)], Label(line.Key.Policy, line.Key.Budget));
        }

        plot.XLabel("tokens/s per user (median)");
        plot.YLabel("tokens/J");
        return plot;
    }

    private static Plot PowerOverTime(StudyReport report)
    {
        var plot = Begin(report, "power of the GPUs, first seed, lowest budget, highest load");
        var load = report.Options.Loads.Max();
        var budget = report.Options.Budgets.Min();
        foreach (var run in report.Runs.Where(run => run.Load == load && run.Budget == budget && run.Seed == 0))
        {
            var signal = plot.Add.Signal(run.Result.Watts.Select(static watts => watts / 1000).ToArray(), PowerMeter.BinSeconds);
            signal.LegendText = run.Policy;
        }

        var full = budget * report.Options.Fleet.NameplateWatts;
        var end = Math.Max(1, report.Runs.Max(static run => run.Result.Seconds));
        var schedule = report.Options.Schedule;

        // Where it jumps, the moment before and the moment itself; where it moves, all of its way.
        double[] moments = double.IsFinite(schedule.RampWatts)
            ? [.. Enumerable.Range(0, 1 + (int)(end / PowerMeter.BinSeconds)).Select(static bin => bin * PowerMeter.BinSeconds)]
            : [0, .. schedule.Jumps.Where(jump => jump > 0 && jump < end).SelectMany(static jump => new[] { Math.BitDecrement(jump), jump }), end];
        double[] times = [.. moments.Select(static at => Math.Round(at, 6))];
        double[] budgets = [.. moments.Select(at => schedule.At(at, full) / 1000)];
        var line = plot.Add.ScatterLine(times, budgets);
        line.LegendText = "budget";
        line.LinePattern = LinePattern.Dashed;
        line.Color = Colors.Black;
        plot.XLabel("s");
        plot.YLabel("kW");
        return plot;
    }

    private static Plot Begin(StudyReport report, string what)
    {
        var plot = new Plot();
        plot.ShowLegend(Alignment.UpperRight);
        plot.Title($"simulated: {what}\n{report.Options.Trace.Name} on {report.Options.Fleet}");
        return plot;
    }

    private static void Line(Plot plot, double[] xs, double[] ys, string label)
    {
        var line = plot.Add.Scatter(xs, ys);
        line.LegendText = label;
        line.MarkerSize = 7;
    }

    private static string Label(string policy, double budget) => string.Create(CultureInfo.InvariantCulture, $"{policy}, budget {budget:0.##}");
}
