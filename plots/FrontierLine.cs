namespace Crescent.Plots;

/// <summary>One curve of a frontier, over the loads of a run.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">In the order of loads: speed of a user, volume, and the load in words (empty for a point without a label).</param>
/// <param name="IsComputed">Whether it is a formula's and no run's: it has no markers then, and is dashed.</param>
public sealed record FrontierLine(string Name, IReadOnlyList<(double Speed, double Volume, string Label)> Points, bool IsComputed = false);
