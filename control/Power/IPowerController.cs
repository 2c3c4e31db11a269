namespace Crescent.Control.Power;

/// <summary>
/// Says which caps devices should have. A pure function of readings and budgets, so that a live cluster and a study share it; it is
/// <see cref="PowerGovernor"/> that sees to it that budgets hold while caps change.
/// </summary>
public interface IPowerController
{
    /// <summary>Its name in the configuration.</summary>
    string Name { get; }

    /// <summary>It lets caps sum up to more than a budget and acts on what is drawn: nobody then guarantees the budget.</summary>
    bool Oversubscribes => false;

    /// <summary>Writes the cap that each device should have, W, bounded by its lowest and highest.</summary>
    /// <param name="devices">The readings.</param>
    /// <param name="budgets">What may be drawn.</param>
    /// <param name="caps">One for each device.</param>
    void Plan(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets, Span<double> caps);
}
