namespace Crescent.Grains.Contracts.Factory;

/// <summary>What a tenant's, or an agent task's, requests have used at the front end that answers, since it began.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.AccountSnapshot")]
public sealed record AccountSnapshot
{
    /// <summary>Whose; empty for requests that name no tenant, <c>other</c> for all beyond the bound of names.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Whether simulated devices computed them, so that the joules are modelled.</summary>
    [Id(1)] public bool Simulated { get; init; }

    /// <summary>Requests that have ended.</summary>
    [Id(2)] public long Requests { get; init; }

    /// <summary>Tokens that they got.</summary>
    [Id(3)] public long OutputTokens { get; init; }

    /// <summary>Energy that they were charged with, J.</summary>
    [Id(4)] public double Joules { get; init; }
}
