using Crescent.Engine.Power;
using Crescent.Engine.Power.Rapl;

namespace Crescent.Silo.Configuration;

/// <summary>Chooses what measures a device's power.</summary>
public static class PowerMeters
{
    /// <summary>The device's own meter where it answers, else the model.</summary>
    public const string Automatic = "auto";

    /// <summary>What the setting takes.</summary>
    public static readonly IReadOnlyList<string> Names = [Automatic, PowerSource.Nvml, PowerSource.Rapl, PowerSource.Model];

    /// <summary>The meter of a processor device of <paramref name="threads"/> threads; null when its power is modelled.</summary>
    /// <param name="setting">One of <see cref="Names"/>.</param>
    /// <param name="threads">Threads of the device.</param>
    /// <param name="fault">Why an automatic choice fell on the model; null when it did not.</param>
    /// <param name="root">Where the counters are.</param>
    /// <exception cref="StartException">The meter that the setting names cannot be read.</exception>
    public static RaplMeter? ForProcessor(string setting, int threads, out string? fault, string root = RaplMeter.DefaultRoot)
    {
        fault = null;
        if (setting == PowerSource.Model)
        {
            return null;
        }

        if (RaplMeter.TryOpen(threads, out var meter, out var why, root))
        {
            return meter;
        }

        fault = why;
        return setting == Automatic
            ? null
            : throw new StartException($"{Settings.PowerMeter} is '{setting}', which cannot be read: {why} Or use {Automatic} or {PowerSource.Model}.");
    }
}
