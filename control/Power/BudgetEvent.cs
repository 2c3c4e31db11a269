namespace Crescent.Control.Power;

/// <summary>For a while less may be drawn than by rule, as when the grid asks for it.</summary>
/// <param name="At">When it begins, s.</param>
/// <param name="Factor">What the budget is multiplied by; above 0, at most 1.</param>
/// <param name="Seconds">For how long; infinite where it stays so.</param>
public readonly record struct BudgetEvent(double At, double Factor, double Seconds)
{
    /// <summary>When it is over, s.</summary>
    public double End => At + Seconds;
}
