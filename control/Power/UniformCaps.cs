namespace Crescent.Control.Power;

/// <summary>The same share of its highest cap for every device, whatever it does: how a budget is kept where nobody looks at the work.</summary>
public sealed class UniformCaps : IPowerController
{
    /// <inheritdoc/>
    public string Name => "uniform-cap";

    /// <inheritdoc/>
    public void Plan(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets, Span<double> caps)
    {
        var most = 0.0;
        foreach (ref readonly var device in devices)
        {
            most += device.Profile.MaxCapWatts;
        }

        var share = Math.Min(1, (budgets.ClusterWatts ?? most) / most);
        for (var i = 0; i < devices.Length; i++)
        {
            caps[i] = share * devices[i].Profile.MaxCapWatts;
        }
    }
}
