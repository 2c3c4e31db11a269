namespace Crescent.Control.Placement;

/// <summary>
/// NVIDIA Dynamo's session affinity, mode <c>hard</c> (1.5): the first call of a session goes where another policy puts it, those after it to the same device for as
/// long as that may take them. Needs <see cref="FactoryView.Sessions"/> and calls that name their session; without either it is the other policy.
/// </summary>
/// <param name="first">Who places what is not bound.</param>
public sealed class SessionAffinityPolicy(IPlacementPolicy first) : IPlacementPolicy
{
    /// <summary>Points of a device that is not the session's: more than any queue.</summary>
    private const double Away = 1e9;

    /// <inheritdoc/>
    public string Name => $"{first.Name}+session";

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = [.. first.TermNames.Concat(Enumerable.Repeat("", Math.Max(0, 5 - first.TermNames.Count))), "not the session's device"];

    /// <inheritdoc/>
    public bool CountsOthers => first.CountsOthers;

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view)
    {
        var bound = Bound(call, view);
        return bound >= 0 && view.Gate(call, bound) <= PlacementGate.Crowded
            ? new PlacementDecision(bound, Score(call, view, bound))
            : first.Choose(call, view);
    }

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device) =>
        first.Score(call, view, device) with { Harm = Bound(call, view) is >= 0 and var bound && bound != device ? Away : 0 };

    private static int Bound(in PlacementCall call, FactoryView view) =>
        call.Session is { } session && view.Sessions?.Find(session, view.Now) is { } device ? view.IndexOf(device) : -1;
}
