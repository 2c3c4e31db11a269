using Crescent.Control.Power;
using Crescent.Engine.Devices;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Power;

/// <summary>Makes readings for the governor of what silos report.</summary>
internal static class PowerReadings
{
    /// <summary>A device that has left, for other silos.</summary>
    public static AbsentDevice Absent(in DevicePower last, double secondsAgo) => new()
    {
        Key = last.Key,
        Node = last.Node ?? "",
        Rack = last.Rack ?? "",
        SecondsAgo = secondsAgo,
        CapWatts = last.CapWatts,
        MinCapWatts = last.Profile.MinCapWatts,
        MaxCapWatts = last.Profile.MaxCapWatts,
        Incarnation = last.Incarnation,
        CapTerm = last.Stamp?.Term ?? 0,
        CapNumber = last.Stamp?.Number ?? 0,
    };

    /// <summary>The last reading of a device that has left, as far as a governor needs it: what it may draw.</summary>
    public static DevicePower Of(AbsentDevice device) => new()
    {
        Key = device.Key,
        Node = device.Node,
        Rack = device.Rack,
        CapWatts = device.CapWatts,
        Stamp = new CapStamp(device.CapTerm, device.CapNumber),
        Incarnation = device.Incarnation,
        Profile = new DeviceProfile
        {
            StepSeconds = 0,
            SequenceSeconds = 0,
            ContextSeconds = 0,
            PromptSeconds = 0,
            IdleWatts = 0,
            AwakeWatts = 0,
            StaticWatts = 0,
            DecodeBaseWatts = 0,
            PrefillWatts = 0,
            MinCapWatts = device.MinCapWatts,
            MaxCapWatts = device.MaxCapWatts,
        },
    };

    /// <summary>The reading of a device.</summary>
    public static DevicePower Of(DeviceSighting sighting)
    {
        var report = sighting.Report;
        var load = report.Load();
        var isCapped = report.CapIncarnation != 0;
        var highest = isCapped ? report.MaxCapWatts : Math.Max(report.CapWatts, report.Profile.MaxCapWatts);
        return new DevicePower
        {
            Key = new DeviceKey(sighting.SiloName, report.Device).ToString(),
            Node = report.Node,
            Rack = report.Rack,

            // What cannot be capped counts with the most that it can draw.
            Profile = report.Profile with { MinCapWatts = isCapped ? report.MinCapWatts : highest, MaxCapWatts = highest },
            Watts = report.Watts,
            CapWatts = report.CapWatts,
            Stamp = new CapStamp(report.CapTerm, report.CapNumber),
            Incarnation = report.CapIncarnation,
            AgeSeconds = sighting.AgeSeconds + report.WattsAgeSeconds,
            Draining = sighting.State.Draining,
            Running = report.Running,
            Waiting = report.Waiting,
            QueuedPromptTokens = report.QueuedPromptTokens,
            QueuedPromptSeconds = load.QueuedSeconds(report.Profile),
            ContextTokens = load.Context,
            PromptShare = Math.Max(sighting.State.PromptShare, sighting.State.BurstShare),
            MaxStepTokens = report.MaxStepTokens,
        };
    }
}
