namespace Crescent.Grains.Planning;

/// <summary>What the planner does.</summary>
public enum PlannerMode
{
    /// <summary>Nothing.</summary>
    Off,

    /// <summary>It tells what it would do.</summary>
    DryRun,

    /// <summary>It does it.</summary>
    Apply,
}
