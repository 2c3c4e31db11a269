using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Placement;

namespace Crescent.Grains.Gpu;

/// <summary>One attempt at a stream, on its way to a device.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.Submission")]
public sealed record Submission
{
    // 0 to 6, 9 to 16 and 18 are taken: what the request holds was told one by one.

    /// <summary>
    /// What to generate: its id is the <see cref="StreamTicket"/> of the attempt, its prompt ends with what earlier attempts have emitted, and its limit and
    /// deadline are what is left of the call's.
    /// </summary>
    [Id(20)] public required InferenceRequest Request { get; init; }

    /// <summary>The device to go to, if it may take the call.</summary>
    [Id(17)] public string? Prefer { get; init; }

    /// <summary>Tokens of the prompt that the device is taken to have cached, or to have in a moment.</summary>
    [Id(19)] public int CachedTokens { get; init; }

    /// <summary>Whether a device has had it already: what has begun may go on on a drained device, where all are.</summary>
    [Id(21)] public bool HasBegun { get; init; }

    /// <summary>The hashes of the full blocks before the prompt's last token, without what earlier attempts have emitted; null where the front end did not need them.</summary>
    [Id(22)] public PromptPrefix? Prefix { get; init; }

    /// <summary>The front end's silo.</summary>
    [Id(7)] public required SiloAddress Front { get; init; }

    /// <summary>The front end's router.</summary>
    [Id(8)] public required ITokenObserver Observer { get; init; }
}
