using System.Globalization;
using Crescent.Client.Json;
using ScottPlot;

namespace Crescent.Client.Evaluation;

/// <summary>Draws accuracy over joules: a line a strategy, a point a number of samples, with the 95 % interval of each.</summary>
internal static class EvalPlot
{
    private const int Width = 1000;
    private const int Height = 680;
    private const int CommandWidth = 120;

    // Okabe and Ito's, which people of all kinds of colour vision tell apart; the markers differ besides.
    private static readonly Color[] Palette =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"), Color.FromHex("#E69F00"), Color.FromHex("#56B4E9"), Colors.Black,
    ];

    private static readonly MarkerShape[] Markers =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond, MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.Cross,
    ];

    /// <summary>Draws it as PNG.</summary>
    public static void Draw(EvalDocument document, string path) => Of(document).SavePng(path, Width, Height);

    /// <summary>The plot.</summary>
    internal static Plot Of(EvalDocument document)
    {
        var plot = new Plot();
        var problems = document.Settings.Count == 0 ? 0 : document.Settings.Max(static s => s.Problems);
        plot.Title($"accuracy over energy, {problems} problems{(document.Complete ? "" : ", interrupted")}");
        var place = 0;
        foreach (var line in document.Settings.GroupBy(static s => s.Setting.Line))
        {
            EvalSummary[] points = [.. line.OrderBy(static s => s.Joules)];
            var color = Palette[place % Palette.Length];
            double[] xs = [.. points.Select(static s => s.Joules)];
            double[] ys = [.. points.Select(static s => 100 * s.Accuracy)];
            var scatter = plot.Add.Scatter(xs, ys, color);
            scatter.LegendText = line.Key;
            scatter.MarkerShape = Markers[place % Markers.Length];
            scatter.MarkerSize = 10;
            scatter.LineWidth = 2;
            foreach (var point in points)
            {
                var bar = plot.Add.Line(point.Joules, 100 * point.AccuracyLow, point.Joules, 100 * point.AccuracyHigh);
                bar.LineColor = color;
                bar.LineWidth = 1;
                bar.MarkerShape = MarkerShape.HorizontalBar;
                bar.MarkerSize = 8;
                bar.MarkerLineColor = color;
            }

            foreach (var point in points.Where(static s => s.Setting.Samples is not null))
            {
                var text = plot.Add.Text(point.Setting.Samples!.Value.ToString(CultureInfo.InvariantCulture), point.Joules, 100 * point.Accuracy);
                text.LabelFontColor = color;
                text.OffsetX = 8;
                text.OffsetY = 4;
            }

            place++;
        }

        plot.ShowLegend(Alignment.LowerRight);
        plot.YLabel("problems solved, % (bars: 95 % interval; numbers: samples at the most)", size: 13);
        plot.XLabel($"energy of a problem, J{Source(document.JoulesSource)}\n\n{Wrap(document.Command)}", size: 13);
        return plot;
    }

    private static string Source(string? source) => source is null ? "" : $" ({source})";

    private static string Wrap(string command)
    {
        var lines = new List<string> { "" };
        foreach (var word in command.Split(' '))
        {
            if (lines[^1].Length + word.Length >= CommandWidth)
            {
                lines.Add("");
            }

            lines[^1] += lines[^1].Length > 0 ? " " + word : word;
        }

        return string.Join('\n', lines);
    }
}
