using Crescent.Grains.Contracts.Chat;

namespace Crescent.Grains.Kept;

/// <summary>More of an answer.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KeptPage")]
public sealed record KeptPage
{
    /// <summary>False where the keeper has no such answer: it was restarted, or has let it go.</summary>
    [Id(0)] public bool IsKnown { get; init; }

    /// <summary>Bytes of <see cref="KeptRecords"/>, cut anywhere; empty when none came in time.</summary>
    [Id(1)] public byte[] Records { get; init; } = [];

    /// <summary>Nothing comes behind them.</summary>
    [Id(2)] public bool HasEnded { get; init; }

    /// <summary>With an end that is none of the answer's own.</summary>
    [Id(3)] public KeptFailure? Failure { get; init; }

    /// <summary>What calls have taken and nobody has been told yet: whoever is told charges the tenant.</summary>
    [Id(4)] public ChatUsage[] Bills { get; init; } = [];

    /// <summary>Of <see cref="Records"/>.</summary>
    [Id(5)] public int Version { get; init; } = KeptRecords.Version;
}
