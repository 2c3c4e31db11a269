using System.Globalization;
using ScottPlot;

namespace Crescent.Plots;

/// <summary>Speed of a user against volume, a curve a run.</summary>
public sealed record FrontierPicture
{
    /// <summary>Pixels across.</summary>
    public const int Width = 1100;

    /// <summary>Pixels down.</summary>
    public const int Height = 760;

    /// <summary>What is shown.</summary>
    public required string Title { get; init; }

    /// <summary>The volume with its unit, such as <c>tokens/s per MW</c>.</summary>
    public required string Volume { get; init; }

    /// <summary>The speed with its unit.</summary>
    public required string Speed { get; init; }

    /// <summary>The curves; the first is the newest.</summary>
    public required IReadOnlyList<FrontierLine> Lines { get; init; }

    /// <summary>Points of the first curve that are marked: where, and why.</summary>
    public IReadOnlyList<(double Speed, double Volume, string Text)> Marks { get; init; } = [];

    /// <summary>A published greatest volume, whose speed is not told, and its words.</summary>
    public (double Volume, string Text)? MostVolume { get; init; }

    /// <summary>A published greatest speed, whose volume is not told, and its words.</summary>
    public (double Speed, string Text)? MostSpeed { get; init; }

    /// <summary>What stands under it: what is simulated, what power is told by; the command.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>As PNG.</summary>
    public byte[] Png() => Draw().GetImageBytes(Width, Height, ImageFormat.Png);

    /// <summary>Draws it.</summary>
    public Plot Draw()
    {
        var plot = new Plot();
        plot.Title(Title);
        for (var place = 0; place < Lines.Count; place++)
        {
            Add(plot, Lines[place], place);
        }

        foreach (var (speed, volume, text) in Marks)
        {
            var ring = plot.Add.Marker(speed, volume, MarkerShape.OpenCircle, 20, DistinctColors.Note);
            ring.LineWidth = 2;
            Text(plot, speed, volume, text, Alignment.LowerLeft, 10, -10);
        }

        var (right, top) = (1.12 * Largest(static point => point.Speed, MostSpeed?.Speed), 1.12 * Largest(static point => point.Volume, MostVolume?.Volume));
        References(plot, right, top);
        plot.Axes.SetLimits(0, right, 0, top);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { LabelFormatter = static value => value.ToString("#,0.###", CultureInfo.InvariantCulture) };
        plot.YLabel(Volume);
        plot.ShowLegend(Edge.Bottom);
        Caption.Put(plot, Speed, [.. Notes]);
        return plot;
    }

    private static void Add(Plot plot, FrontierLine line, int place)
    {
        double[] xs = [.. line.Points.Select(static point => point.Speed)];
        double[] ys = [.. line.Points.Select(static point => point.Volume)];
        var scatter = plot.Add.Scatter(xs, ys, DistinctColors.Of(place));
        scatter.LegendText = line.Name;
        scatter.LineWidth = 2;
        scatter.LinePattern = line.IsComputed ? LinePattern.Dashed : LinePattern.Solid;
        scatter.MarkerShape = line.IsComputed ? MarkerShape.None : DistinctColors.Marker(place);
        scatter.MarkerSize = 9;
        foreach (var (speed, volume, label) in line.Points.Where(static point => point.Label.Length > 0))
        {
            Text(plot, speed, volume, label, Alignment.UpperRight, -8, 6).LabelFontColor = DistinctColors.Of(place);
        }
    }

    private void References(Plot plot, double right, double top)
    {
        if (MostVolume is { } most)
        {
            Dash(plot.Add.HorizontalLine(most.Volume));
            plot.Add.Marker(0, most.Volume, MarkerShape.FilledDiamond, 14, DistinctColors.Note);
            Text(plot, right, most.Volume, most.Text, Alignment.LowerRight, -8, -4);
        }

        if (MostSpeed is { } fast)
        {
            Dash(plot.Add.VerticalLine(fast.Speed));
            plot.Add.Marker(fast.Speed, 0, MarkerShape.FilledDiamond, 14, DistinctColors.Note);
            Text(plot, fast.Speed, top, fast.Text, Alignment.UpperRight, -8, 6);
        }
    }

    private static void Dash(ScottPlot.Plottables.AxisLine line)
    {
        (line.Color, line.LinePattern, line.LineWidth) = (DistinctColors.Note, LinePattern.Dotted, 1);
    }

    private static ScottPlot.Plottables.Text Text(Plot plot, double x, double y, string words, Alignment alignment, float right, float down)
    {
        var text = plot.Add.Text(words, x, y);
        (text.LabelAlignment, text.OffsetX, text.OffsetY, text.LabelFontSize, text.LabelFontColor) = (alignment, right, down, 12, DistinctColors.Note);
        return text;
    }

    private double Largest(Func<(double Speed, double Volume, string Label), double> value, double? reference)
    {
        var most = Lines.SelectMany(static line => line.Points).Select(value).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        return Math.Max(1e-9, Math.Max(most, reference ?? 0));
    }
}
