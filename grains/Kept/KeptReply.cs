namespace Crescent.Grains.Kept;

/// <summary>A keeper's answer to a claim or a start.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KeptReply")]
public sealed record KeptReply
{
    /// <summary>What there is.</summary>
    [Id(0)] public KeptState State { get; init; }

    /// <summary>Name of the silo that has it.</summary>
    [Id(1)] public string Home { get; init; } = "";

    /// <summary>Of what is <see cref="KeptState.Claimed"/>: names the claim.</summary>
    [Id(2)] public long Claim { get; init; }

    /// <summary>Of what is <see cref="KeptState.There"/>.</summary>
    [Id(3)] public KeptHead? Head { get; init; }
}
