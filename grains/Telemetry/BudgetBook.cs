using Crescent.Grains.Contracts.Power;

namespace Crescent.Grains.Telemetry;

/// <summary>Budgets with their version; the higher one holds, and of equal ones that which was set later.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.BudgetBook")]
public sealed record BudgetBook
{
    /// <summary>Counts the changes; 0 for those of the configuration.</summary>
    [Id(0)] public long Version { get; init; }

    /// <summary>When they were set, in ticks of UTC; 0 for those of the configuration, 1 where it names any.</summary>
    [Id(1)] public long SetAt { get; init; }

    /// <summary>They.</summary>
    [Id(2)] public required PowerBudgetSettings Budgets { get; init; }

    /// <summary>Whether these replace <paramref name="other"/>.</summary>
    public bool Replaces(BudgetBook other) => Version != other.Version ? Version > other.Version : SetAt > other.SetAt;
}
