namespace Crescent.Tests.Grains.Wire;

/// <summary>A message of a later version.</summary>
[GenerateSerializer, Alias("Crescent.Tests.AddedOnly")]
public record AddedOnly
{
    [Id(500)] public string Added { get; init; } = "";
}

/// <summary>The same of a record that extends another.</summary>
[GenerateSerializer, Alias("Crescent.Tests.AddedBelow")]
public sealed record AddedBelow : AddedOnly
{
    [Id(500)] public string More { get; init; } = "";
}

/// <summary><see cref="Crescent.Grains.Contracts.Agents.AgentBill"/> of a silo that does not tell what was lost.</summary>
[GenerateSerializer, Alias("Crescent.Tests.EarlierBill")]
public sealed record EarlierBill
{
    [Id(0)] public int Calls { get; init; }

    [Id(6)] public double Joules { get; init; }
}

/// <summary><see cref="Crescent.Grains.Contracts.Agents.AgentView"/> as a later version may have it.</summary>
[GenerateSerializer, Alias("Crescent.Tests.NextView")]
public sealed record NextView
{
    [Id(0)] public required string Id { get; init; }

    [Id(15)] public string Silo { get; init; } = "";

    [Id(500)] public string Added { get; init; } = "by default";
}

/// <summary><see cref="Crescent.Grains.Gpu.Submission"/> as a later version may have it.</summary>
[GenerateSerializer, Alias("Crescent.Tests.NextSubmission")]
public sealed record NextSubmission
{
    [Id(17)] public string? Prefer { get; init; }

    [Id(19)] public int CachedTokens { get; init; }

    [Id(500)] public string Added { get; init; } = "by default";

    [Id(501)] public AddedOnly? Nested { get; init; }
}
