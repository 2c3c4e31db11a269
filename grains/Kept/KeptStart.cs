using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Kept;

/// <summary>Begins an answer, or goes on with one whose keeper is gone.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KeptStart")]
public sealed record KeptStart
{
    /// <summary>What it is kept by, and what was asked for.</summary>
    [Id(0)] public KeptAsk Ask { get; init; } = new();

    /// <summary>The claim that it makes good; 0 for one that goes on.</summary>
    [Id(1)] public long Claim { get; init; }

    /// <summary>Of the answer.</summary>
    [Id(2)] public KeptHead Head { get; init; } = new();

    /// <summary>A call for each choice, in order.</summary>
    [Id(3)] public InferenceRequest[] Calls { get; init; } = [];

    /// <summary>What is left of the deadline of all of them together; null for none.</summary>
    [Id(4)] public TimeSpan? Deadline { get; init; }

    /// <summary>What there is of it, as <see cref="KeptRecords"/>; empty for one that begins.</summary>
    [Id(5)] public byte[] Records { get; init; } = [];

    /// <summary>Of <see cref="Records"/>.</summary>
    [Id(6)] public int Version { get; init; } = KeptRecords.Version;
}
