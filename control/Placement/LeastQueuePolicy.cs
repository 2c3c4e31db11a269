namespace Crescent.Control.Placement;

/// <summary>The device with the fewest sequences that run, wait or are on their way; of equal ones, each in turn.</summary>
public sealed class LeastQueuePolicy : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "least-queue";

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = ["sequences"];

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view) => LowestScore.Choose(this, call, view);

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device) => new(view.Devices[device].Sequences);
}
