namespace Crescent.Grains.Placement;

/// <summary>
/// What a call needs, on its way to the placement director, which sees a call's request context but not its arguments.
/// </summary>
/// <param name="Stream">Under which the reservation is held.</param>
/// <param name="PromptTokens">Tokens to prefill.</param>
/// <param name="MaxTokens">Most tokens to generate.</param>
/// <param name="Avoid">A device that is not to be chosen, or null.</param>
/// <param name="Prefer">A device that has what the call needs, chosen whenever it may take the call; or null.</param>
[GenerateSerializer, Immutable, Alias("Crescent.PlacementNeeds")]
public sealed record PlacementNeeds(
    [property: Id(0)] long Stream,
    [property: Id(1)] int PromptTokens,
    [property: Id(2)] int MaxTokens,
    [property: Id(3)] string? Avoid,
    [property: Id(4)] string? Prefer = null)
{
    [NonSerialized]
    private readonly PromptPrefix? _prefix;

    /// <summary>Key in the request context.</summary>
    public const string Key = "crescent.needs";

    /// <summary>The prompt's blocks, to find those that devices have cached; null to do without. Does not leave the silo.</summary>
    public PromptPrefix? Prefix
    {
        get => _prefix;
        init => _prefix = value;
    }
}
