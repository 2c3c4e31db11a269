namespace Crescent.Grains.Gpu;

/// <summary>A part of what a device's prefix cache held at one moment.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KvDumpPage")]
public sealed record KvDumpPage
{
    /// <summary>Most hashes in a page: 1 MiB.</summary>
    public const int MaxHashes = 1 << 16;

    /// <summary>Names the dump when asking for its next page; 0 when the device has forgotten the dump that was asked for.</summary>
    [Id(0)] public required long Dump { get; init; }

    /// <summary>Which cache.</summary>
    [Id(1)] public long Epoch { get; init; }

    /// <summary>Id of the newest event that the dump includes.</summary>
    [Id(2)] public long LastId { get; init; }

    /// <summary>Hashes of the whole dump.</summary>
    [Id(3)] public int Total { get; init; }

    /// <summary>Those of this page, 16 bytes each.</summary>
    [Id(4)] public byte[] Hashes { get; init; } = [];
}
