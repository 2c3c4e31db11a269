using Crescent.Client.Load.Measures;
using Crescent.Plots;
using ScottPlot;

namespace Crescent.Client.Load.Reports;

/// <summary>Draws a run: how times are spread, and what happened over time.</summary>
internal static class LoadPlots
{
    /// <summary>Time over the share of calls that took no longer.</summary>
    public const string Percentiles = "latency.png";

    /// <summary>Tokens and times by second.</summary>
    public const string Seconds = "timeline.png";

    private const int Width = 1000;
    private const int Height = 640;
    private const double HighestNines = 4;

    // The legend stands beside the plot.
    private const int CaptionWidth = 76;

    private static readonly (Color Color, LinePattern Pattern)[] Styles =
    [
        (DistinctColors.Of(0), LinePattern.Solid), (DistinctColors.Of(0), LinePattern.Dashed), (DistinctColors.Of(1), LinePattern.Solid), (DistinctColors.Of(1), LinePattern.Dashed), (DistinctColors.Of(2), LinePattern.Solid),
    ];

    // What earlier runs tell of their percentiles.
    private static readonly (string Name, double Percent)[] Told = [("min", 0), ("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9)];

    /// <summary>A picture as PNG.</summary>
    public static byte[] Image(Plot plot) => plot.GetImageBytes(Width, Height, ImageFormat.Png);

    /// <summary>Draws all into a folder that is there.</summary>
    public static void Draw(LoadReport report, IReadOnlyList<EarlierRun> others, string folder)
    {
        Spread(report, others).SavePng(Path.Combine(folder, Percentiles), Width, Height);
        OverTime(report).SavePng(Path.Combine(folder, Seconds), Width, Height);
    }

    /// <summary>Times by percentile; the axis is stretched so that each further nine is as wide as the one before.</summary>
    internal static Plot Spread(LoadReport report, IReadOnlyList<EarlierRun> others)
    {
        var plot = Begin(report, "time over percentile");
        Metric[] metrics = [.. ((string[])["ttft", "ttft_actual", "latency", "latency_actual", "itl"]).Select(name => report.Measures.All.First(metric => metric.Name == name)).Where(static metric => metric.Values.Count > 0)];
        foreach (var (place, metric) in metrics.Index())
        {
            var nines = Math.Min(HighestNines, Math.Log10(Math.Max(10, metric.Values.Count)));
            double[] xs = [.. Enumerable.Range(0, 101).Select(i => nines * i / 100)];
            double[] ys = [.. xs.Select(x => Math.Log10(Math.Max(1e-7, metric.Values.Percentile(100 * (1 - Math.Pow(10, -x))))))];
            var line = plot.Add.ScatterLine(xs, ys);
            (line.Color, line.LinePattern) = Styles[place % Styles.Length];
            line.LineWidth = 2;
            line.LegendText = metric.Clock.Length > 0 ? $"{metric.Title}, from the {metric.Clock} start" : metric.Title;
        }

        foreach (var (place, other) in others.Index())
        {
            Add(plot, other, "ttft", "time to first token", DistinctColors.Of(place + 3), LinePattern.Solid, report.Measures.LatencyIntended.Count);
            Add(plot, other, "latency", "request latency", DistinctColors.Of(place + 3), LinePattern.Dotted, report.Measures.LatencyIntended.Count);
        }

        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual([0, 0.301, 1, 2, 3, 4], ["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual([-6, -5, -4, -3, -2, -1, 0, 1, 2, 3], ["1 us", "10 us", "100 us", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s"]);
        plot.ShowLegend(Edge.Right);
        Caption.Put(plot, "share of calls that took no longer", CaptionWidth, report.Command);
        return plot;
    }

    /// <summary>Tokens a second, and the mean time to the first token, by second.</summary>
    internal static Plot OverTime(LoadReport report)
    {
        var plot = Begin(report, "by second");
        var seconds = report.Timeline.Seconds;
        double[] xs = [.. seconds.Select(static (_, place) => (double)place)];
        Line(plot, xs, [.. seconds.Select(static second => (double)second.Tokens)], "output tokens of answers that ended, left axis", 4).LineWidth = 2;
        var intended = Line(plot, xs, [.. seconds.Select(static second => second.Firsts > 0 ? second.FirstIntended / second.Firsts : double.NaN)], "mean time to first token, from the intended start, right axis", 0);
        var actual = Line(plot, xs, [.. seconds.Select(static second => second.Firsts > 0 ? second.FirstActual / second.Firsts : double.NaN)], "the same from the actual start, right axis", 1);
        intended.Axes.YAxis = actual.Axes.YAxis = plot.Axes.Right;
        plot.Axes.Right.Label.Text = "s";
        plot.YLabel("tokens/s");
        plot.ShowLegend(Edge.Bottom);
        Caption.Put(plot, "s", report.Command);
        return plot;
    }

    private static void Add(Plot plot, EarlierRun run, string metric, string title, Color color, LinePattern pattern, long calls)
    {
        var nines = Math.Min(HighestNines, Math.Log10(Math.Max(10, calls)));
        var points = Told.Select(told => (X: -Math.Log10(1 - (told.Percent / 100)), Y: run.Metric(metric, told.Name))).Where(point => point.Y > 0 && point.X <= nines + 0.01).ToList();
        if (points.Count == 0)
        {
            return;
        }

        var line = plot.Add.Scatter(points.Select(static point => point.X).ToArray(), points.Select(static point => Math.Log10(Math.Max(1e-7, point.Y))).ToArray(), color);
        (line.LinePattern, line.MarkerSize, line.LegendText) = (pattern, 6, $"{RunComparison.Name(run)}: {title}");
    }

    private static ScottPlot.Plottables.Scatter Line(Plot plot, double[] xs, double[] ys, string text, int style)
    {
        var line = plot.Add.ScatterLine(xs, ys);
        (line.Color, line.LinePattern) = Styles[style];
        line.LegendText = text;
        return line;
    }

    private static Plot Begin(LoadReport report, string what)
    {
        var plot = new Plot();
        var notes = (report.Degraded.Count > 0 ? ", degraded: the generator was a bottleneck" : "") + (report.Measures.JoulesKind.Simulated ? ", simulated devices" : "") + (report.Interrupted ? ", interrupted" : "");
        plot.Title($"{report.Model}: {what}{notes}");
        return plot;
    }
}
