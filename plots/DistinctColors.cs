using ScottPlot;

namespace Crescent.Plots;

/// <summary>Colours that people who see colours otherwise tell apart too (Okabe and Ito's), markers and line patterns, each by its place in a picture.</summary>
public static class DistinctColors
{
    private static readonly Color[] Colors =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"), Color.FromHex("#E69F00"), Color.FromHex("#56B4E9"), Color.FromHex("#000000"),
    ];

    private static readonly MarkerShape[] Markers =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond, MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp,
    ];

    private static readonly LinePattern[] Patterns = [LinePattern.Solid, LinePattern.Dashed, LinePattern.Dotted];

    /// <summary>Of what is told beside the lines.</summary>
    public static Color Note { get; } = Color.FromHex("#555555");

    /// <summary>The colour of a line; the first come again after all.</summary>
    public static Color Of(int place) => Colors[place % Colors.Length];

    /// <summary>The marker of a line.</summary>
    public static MarkerShape Marker(int place) => Markers[place % Markers.Length];

    /// <summary>The pattern of a line, another one when colours come again.</summary>
    public static LinePattern Pattern(int place) => Patterns[place % Patterns.Length];
}
