using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Grains.Telemetry;

/// <summary>Changes of one device's prefix cache, on their way to a silo that places calls; without events, a sign of life.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KvEventMessage")]
public sealed record KvEventMessage
{
    /// <summary>The silo that owns the device.</summary>
    [Id(0)] public required SiloAddress Silo { get; init; }

    /// <summary><c>silo/device</c>.</summary>
    [Id(1)] public required string Device { get; init; }

    /// <summary>The model whose blocks it caches.</summary>
    [Id(2)] public required string Model { get; init; }

    /// <summary>How it keeps keys and values.</summary>
    [Id(3)] public required string KvType { get; init; }

    /// <summary>Which cache; 0 while it has had no event.</summary>
    [Id(4)] public long Epoch { get; init; }

    /// <summary>Id of the first event, one beyond the last where there is none.</summary>
    [Id(5)] public long FirstId { get; init; } = 1;

    /// <summary>The events, 17 bytes each.</summary>
    [Id(6)] public byte[] Events { get; init; } = [];

    /// <summary>Positions in a block; 16 from a silo that does not tell it.</summary>
    [Id(7)] public int BlockSize { get; init; } = 16;

    /// <summary>Whether sequences have a state beside their blocks, behind which alone one can begin.</summary>
    [Id(8)] public bool HasStates { get; init; }

    /// <summary>Groups of layers with a window or chunks, three numbers each: which, its window, the length of its chunks, 0 for none.</summary>
    [Id(9)] public int[] Windows { get; init; } = [];

    /// <summary>Where sequences can begin on the device.</summary>
    internal KvPlaces Places() => new(
        new KvBlockSize(BlockSize), HasStates, [.. Windows.Chunk(3).Where(static w => w.Length == 3).Select(static w => (w[0], new KvReach(Math.Max(0, w[1]), Math.Max(0, w[2]))))]);
}
