using Crescent.Control.Power;
using Crescent.Engine.Devices;

namespace Crescent.Tests.Control.Power;

/// <summary>Devices for tests of power.</summary>
internal static class Profiles
{
    /// <summary>About an H100; only caps and prefill's power matter to most tests.</summary>
    public static DeviceProfile Of(double minCap = 200, double maxCap = 700) => new()
    {
        StepSeconds = 0.01,
        SequenceSeconds = 0.0001,
        ContextSeconds = 1e-8,
        PromptSeconds = 1e-4,
        IdleWatts = 75,
        AwakeWatts = 120,
        StaticWatts = 119,
        DecodeBaseWatts = 300,
        PrefillWatts = 680,
        MinCapWatts = minCap,
        MaxCapWatts = maxCap,
    };

    /// <summary>A reading of a device that takes every order at once.</summary>
    public static DevicePower Reading(string key, double watts, double cap = 700, string node = "n", string rack = "r", bool draining = false) => new()
    {
        Key = key,
        Node = node,
        Rack = rack,
        Profile = Of(),
        Watts = watts,
        CapWatts = cap,
        Draining = draining,
    };
}
