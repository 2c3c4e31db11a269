namespace Crescent.Engine.Devices;

/// <summary>
/// How many KV blocks a sequence holds: of groups of layers that see all, blocks for its length; of those with a window or chunks, no more than these need. A few
/// numbers that fit in a report; those of one group that sees all are zero.
/// </summary>
/// <param name="FurtherGroups">Groups whose layers see all positions, beside the first.</param>
/// <param name="WindowGroups">Groups whose layers see a window or chunks.</param>
/// <param name="WindowBlocks">Most blocks that these hold for a sequence, together: what a step computes of it among them, since all of it is held until the step has ended.</param>
public readonly record struct KvDemand(int FurtherGroups = 0, int WindowGroups = 0, int WindowBlocks = 0)
{
    /// <summary>Groups whose layers see all positions.</summary>
    public int FullGroups => FurtherGroups + 1;

    /// <summary>The demand of a device's sequences.</summary>
    public static KvDemand Of(DeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Of(device.KvGroups, KvBlockSize.Of(device), (long)device.MaxStepTokens * Math.Max(1, device.StepsInFlight));
    }

    /// <summary>The same of a device's parts.</summary>
    /// <param name="groups">How far its groups of layers see.</param>
    /// <param name="size">Of its blocks.</param>
    /// <param name="inFlight">Tokens that it computes at once.</param>
    public static KvDemand Of(IReadOnlyList<KvReach> groups, KvBlockSize size, long inFlight)
    {
        ArgumentNullException.ThrowIfNull(groups);
        var windows = groups.Where(static reach => !reach.SeesAll).ToArray();
        var most = windows.Sum(reach => ((reach.Most + inFlight + size.Positions) / size.Positions) + 2);
        return new KvDemand(groups.Count - windows.Length - 1, windows.Length, (int)Math.Min(int.MaxValue / 2, most));
    }

    /// <summary>Most blocks that a sequence holds while it grows to so many blocks of positions.</summary>
    public long BlocksFor(long spans) => (FullGroups * spans) + Math.Min(WindowGroups * spans, WindowBlocks);

    /// <summary>Blocks of positions of the longest sequence for which <paramref name="blocks"/> are enough.</summary>
    public long SpansIn(long blocks) => Math.Max(blocks / (FullGroups + WindowGroups), (blocks - WindowBlocks) / FullGroups);

    /// <summary>About how many blocks of positions <paramref name="sequences"/> sequences have that hold <paramref name="blocks"/>.</summary>
    public double SpansHeld(double blocks, double sequences) => Math.Max(blocks / (FullGroups + WindowGroups), (blocks - (sequences * WindowBlocks)) / FullGroups);
}
