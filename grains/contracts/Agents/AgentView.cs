namespace Crescent.Grains.Contracts.Agents;

/// <summary>A task as it stands.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.AgentView")]
public sealed record AgentView
{
    /// <summary>The task.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary><c>running</c>, <c>waiting_for_approval</c>, <c>done</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    [Id(1)] public required string State { get; init; }

    /// <summary>Name of its strategy.</summary>
    [Id(2)] public required string Strategy { get; init; }

    /// <summary>The model that it asks; null for the cluster's first.</summary>
    [Id(3)] public string? Model { get; init; }

    /// <summary>What was asked.</summary>
    [Id(4)] public required string Problem { get; init; }

    /// <summary>Whose it is; empty for nobody's.</summary>
    [Id(5)] public string Tenant { get; init; } = "";

    /// <summary>The answer alone, also the best there was when it had to end early; null while there is none.</summary>
    [Id(6)] public string? Answer { get; init; }

    /// <summary>The text that the answer stands in.</summary>
    [Id(7)] public string? Text { get; init; }

    /// <summary>How sure its strategy is, 0 to 1; null for one that does not know.</summary>
    [Id(8)] public double? Confidence { get; init; }

    /// <summary>Why it ended before its strategy did: <c>budget</c>, <c>deadline</c>, <c>cancelled</c>, or what made it fail; null for a whole answer.</summary>
    [Id(9)] public string? Cause { get; init; }

    /// <summary>What it has taken.</summary>
    [Id(10)] public required AgentBill Bill { get; init; }

    /// <summary>When it was submitted.</summary>
    [Id(11)] public DateTimeOffset Submitted { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    [Id(12)] public DateTimeOffset? Ended { get; init; }

    /// <summary>Its steps, in the order in which they began.</summary>
    [Id(13)] public IReadOnlyList<AgentStepView> Steps { get; init; } = [];

    /// <summary>Calls that wait for a person.</summary>
    [Id(14)] public IReadOnlyList<AgentApproval> Approvals { get; init; } = [];

    /// <summary>Name of the silo that plays it now; its steps run wherever they are placed.</summary>
    [Id(15)] public string Silo { get; init; } = "";

    /// <summary>Whether nothing will happen any more.</summary>
    public bool HasEnded => Ended is not null;

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => $"{nameof(AgentView)} {Id} {State}";
}
