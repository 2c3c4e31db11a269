using Crescent.Grains.Contracts.Planning;

namespace Crescent.Grains.Planning;

/// <summary>What the planner last said, where it is in this silo. Safe for use by many threads.</summary>
public sealed class PlannerDesk
{
    private volatile PlannerSnapshot? _said;

    /// <summary>What it said; null where it is in no or another silo.</summary>
    public PlannerSnapshot? Said
    {
        get => _said;
        internal set => _said = value;
    }
}
