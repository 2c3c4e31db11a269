using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Placement;

/// <summary>
/// What a call needs, on its way to the placement director, which sees a call's request context but not its arguments.
/// </summary>
[GenerateSerializer, Immutable, Alias("Crescent.PlacementNeeds")]
public sealed record PlacementNeeds
{
    [NonSerialized]
    private readonly PromptPrefix? _prefix;

    /// <summary>Key in the request context.</summary>
    public const string Key = "crescent.needs";

    /// <summary>Under which the reservation is held; 0 for a decision without one.</summary>
    [Id(0)] public long Stream { get; init; }

    /// <summary>Tokens to prefill, at least 1.</summary>
    [Id(1)] public required int PromptTokens { get; init; }

    /// <summary>Most tokens to generate; 0 where an embedding is wanted.</summary>
    [Id(2)] public required int MaxTokens { get; init; }

    /// <summary>Devices that are not to be chosen: those that have failed the call. Number 3 was a single one.</summary>
    [Id(11)] public string[] Avoid { get; init; } = [];

    /// <summary>A device that has what the call needs, chosen whenever it may take the call; or null.</summary>
    [Id(4)] public string? Prefer { get; init; }

    /// <summary>Tokens that calls like this one come to in the mean.</summary>
    [Id(5)] public double ExpectedTokens { get; init; } = 1;

    /// <summary>How soon it is wanted.</summary>
    [Id(6)] public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>The request's id, under which the decision is remembered; null for one that nobody asks about.</summary>
    [Id(7)] public string? RequestId { get; init; }

    /// <summary>Counts the decisions of the stream.</summary>
    [Id(8)] public int Attempt { get; init; }

    /// <summary>Whether the policy may refuse it for coming too late; not so once its user has seen a part of the answer.</summary>
    [Id(9)] public bool MayShed { get; init; }

    /// <summary>Why the stream's attempt before was given up; null for the first.</summary>
    [Id(20)] public string? Cause { get; init; }

    /// <summary>Whether a device has had it already, and gave it up or was drained: it may go on on a drained one where all are.</summary>
    [Id(21)] public bool HasBegun { get; init; }

    /// <summary>Name of the model that is to run it; null for whichever a device has.</summary>
    [Id(22)] public string? Model { get; init; }

    /// <summary>The prompt's blocks, to find those that devices have cached; null to do without. Does not leave the silo.</summary>
    public PromptPrefix? Prefix
    {
        get => _prefix;
        init => _prefix = value;
    }

    /// <summary>The call as policies take it.</summary>
    /// <param name="number">Counts the decisions of the placing silo.</param>
    internal PlacementCall Call(long number)
    {
        // An embedding takes the room of its prompt and puts out nothing; one token is the least that a call of the core has.
        var most = Math.Max(1, MaxTokens);
        return new PlacementCall(number, PromptTokens, most, Math.Clamp(ExpectedTokens, 1, most), ServiceLevel.Of(Priority), Avoid, Prefer, MayShed, HasBegun, Model);
    }
}
