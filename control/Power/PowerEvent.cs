namespace Crescent.Control.Power;

/// <summary>A step of the governor that an operator wants to see.</summary>
/// <param name="At">Seconds of the governor's clock.</param>
/// <param name="Action">What was done.</param>
/// <param name="Level">For which level.</param>
/// <param name="Name">Device key, node or rack; empty for the cluster.</param>
/// <param name="Watts">What it drew.</param>
/// <param name="BudgetWatts">What it may draw.</param>
public readonly record struct PowerEvent(double At, PowerAction Action, PowerLevelKind Level, string Name, double Watts, double BudgetWatts);
