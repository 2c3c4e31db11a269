namespace Crescent.Grains.Placement;

/// <summary>Whether a device has taken a submission.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.SubmissionReply")]
public sealed record SubmissionReply
{
    /// <summary>The device (<c>silo/device</c>) that took it, or that refused it; empty when the silo has none.</summary>
    [Id(0)] public required string Device { get; init; }

    /// <summary>The silo that owns the device.</summary>
    [Id(1)] public required SiloAddress Owner { get; init; }

    /// <summary>Null when it was taken.</summary>
    [Id(2)] public Refusal? Refusal { get; init; }

    /// <summary>Number of the silo's newest report when it was taken; later reports count the sequence.</summary>
    [Id(3)] public long ReportSequence { get; init; }
}
