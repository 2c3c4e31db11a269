using Crescent.Control.Power;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Power;

/// <summary>Makes readings for the governor of what silos report.</summary>
internal static class PowerReadings
{
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
            ContextTokens = (double)(report.TotalBlocks - report.FreeBlocks) * report.BlockSize,
            PromptShare = Math.Max(sighting.State.PromptShare, sighting.State.BurstShare),
            MaxStepTokens = report.MaxStepTokens,
        };
    }
}
