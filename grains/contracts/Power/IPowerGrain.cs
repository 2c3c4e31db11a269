namespace Crescent.Grains.Contracts.Power;

/// <summary>Reads and changes power budgets for a client; stateless, answered by whichever silo is asked.</summary>
[Alias("Crescent.IPowerGrain")]
public interface IPowerGrain : IGrainWithIntegerKey
{
    /// <summary>Budgets, caps and what is done to keep them.</summary>
    [Alias("GetPower")]
    Task<PowerSnapshot> GetPower(CancellationToken cancellationToken);

    /// <summary>Replaces all budgets; they survive any single silo.</summary>
    /// <exception cref="ArgumentException">A budget is not above 0, a share above 1, or a name not that of a rack, node or device.</exception>
    [Alias("SetBudgets"), ResponseTimeout("00:00:10")]
    Task<PowerSnapshot> SetBudgets(PowerBudgetSettings budgets, CancellationToken cancellationToken);
}
