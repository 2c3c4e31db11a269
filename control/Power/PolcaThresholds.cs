namespace Crescent.Control.Power;

/// <summary>
/// Oversubscription as in POLCA (Patel et al., ASPLOS 2024): devices run uncapped while the cluster draws less than a first threshold of its
/// budget, at a lower clock above it, at a still lower one above the second, and as low as they go above the budget; each step is undone once
/// the cluster draws a margin less than what led to it. It looks at watts drawn and at nothing else, and lets caps sum up to more than the budget.
/// </summary>
/// <remarks>
/// Steps are told by the caps in force, so that it remembers nothing. POLCA locks clocks; here a clock is the cap under which prefill runs at
/// it. POLCA knows jobs of low and high priority by server; here all devices are alike.
/// </remarks>
public sealed class PolcaThresholds : IPowerController
{
    /// <summary>Share of the budget from which on the first clock is forced.</summary>
    public const double FirstThreshold = 0.80;

    /// <summary>Share of the budget from which on the second clock is forced.</summary>
    public const double SecondThreshold = 0.89;

    /// <summary>How far below a threshold its step is undone, as a share of the budget.</summary>
    public const double Margin = 0.05;

    /// <summary>The first clock, as a share of the highest: 1,275 of an A100's 1,410 MHz.</summary>
    public const double FirstClock = 0.904;

    /// <summary>The second: 1,110 MHz.</summary>
    public const double SecondClock = 0.787;

    private const int Brake = 3;

    /// <summary>Caps are set to whole watts.</summary>
    private const double Rounding = 1;

    /// <inheritdoc/>
    public string Name => "polca";

    /// <inheritdoc/>
    public bool Oversubscribes => true;

    /// <inheritdoc/>
    public void Plan(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets, Span<double> caps)
    {
        var watts = 0.0;
        foreach (ref readonly var device in devices)
        {
            watts += device.Watts;
        }

        var share = budgets.ClusterWatts is { } budget ? watts / budget : 0;
        for (var i = 0; i < devices.Length; i++)
        {
            caps[i] = Cap(devices[i], Next(StepOf(devices[i]), share));
        }
    }

    private static int Next(int step, double share) =>
        share > 1 ? Brake
        : share >= SecondThreshold ? Math.Clamp(step, 2, share > 1 - Margin ? Brake : 2)
        : share >= FirstThreshold ? Math.Clamp(step, 1, share >= SecondThreshold - Margin ? 2 : 1)
        : share >= FirstThreshold - Margin ? Math.Min(step, 1)
        : 0;

    private static int StepOf(in DevicePower device)
    {
        var step = Brake;
        while (step > 0 && device.CapWatts > Cap(device, step) + Rounding)
        {
            step--;
        }

        return step;
    }

    private static double Cap(in DevicePower device, int step)
    {
        var profile = device.Profile;
        var cap = step switch
        {
            0 => profile.MaxCapWatts,
            1 => profile.PrefillWattsAt(FirstClock),
            2 => profile.PrefillWattsAt(SecondClock),
            _ => profile.MinCapWatts,
        };
        return Math.Clamp(cap, profile.MinCapWatts, profile.MaxCapWatts);
    }
}
