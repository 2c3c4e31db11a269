namespace Crescent.Control.Placement;

/// <summary>
/// NVIDIA Dynamo's example policy of parent groups (1.5, <c>subagent-group-affinity</c>, soft affinity): the sub-agents of one parent go to one device, which the first
/// of them finds as the least loaded; the group moves once its device has more than 4 active requests and another has fewer. Calls without a parent stay on the device of
/// their session under the same threshold, and otherwise go to the least loaded. Caches do not count.
/// </summary>
public sealed class ParentGroupPolicy : IPlacementPolicy
{
    /// <summary>Active requests up to which a device keeps its groups, as in the example's configuration.</summary>
    public const int DefaultMostActive = 4;

    /// <summary>After so long a group that is idle is forgotten, as in the example's configuration, s.</summary>
    public const double DefaultIdleSeconds = 300;

    /// <summary>Points of any device but the one that keeps the call: more than any number of requests.</summary>
    private const double Away = 1e9;

    private readonly int _mostActive;

    /// <param name="mostActive">Active requests up to which a device keeps its groups.</param>
    public ParentGroupPolicy(int mostActive = DefaultMostActive) => _mostActive = mostActive;

    /// <inheritdoc/>
    public string Name => "parent-groups";

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = ["active requests", "not the group's device"];

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view) => LowestScore.Choose(this, call, view);

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device)
    {
        var kept = Kept(call, view);
        return new PlacementTerms(view.Devices[device].Sequences, kept >= 0 && kept != device ? Away : 0);
    }

    /// <summary>The device that keeps the call; -1 where it goes to the least loaded.</summary>
    private int Kept(in PlacementCall call, FactoryView view)
    {
        var target = (call.Parent is { } parent ? view.Groups?.Find(parent, view.Now) : null)
            ?? (call.Session is { } session ? view.Sessions?.Find(session, view.Now) : null);
        var at = target is null ? -1 : view.IndexOf(target);
        if (at < 0 || view.Gate(call, at) > PlacementGate.Crowded)
        {
            return -1;
        }

        var active = view.Devices[at].Sequences;
        if (active <= _mostActive)
        {
            return at;
        }

        // Only for one that is strictly less loaded: between equals the group would move with each sibling.
        for (var i = 0; i < view.Devices.Length; i++)
        {
            if (view.Devices[i].Sequences < active && view.Gate(call, i) <= PlacementGate.Crowded)
            {
                return -1;
            }
        }

        return at;
    }
}
