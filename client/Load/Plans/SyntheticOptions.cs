using Crescent.Client.Load.Draws;

namespace Crescent.Client.Load.Plans;

/// <summary>What <see cref="SyntheticScripts"/> makes up.</summary>
internal sealed record SyntheticOptions
{
    /// <summary>Of all that is drawn.</summary>
    public long Seed { get; init; }

    /// <summary>When scripts begin; null in a closed loop.</summary>
    public Arrivals? Arrivals { get; init; }

    /// <summary>Tokens of a prompt, beyond what is shared; with turns, of what each adds.</summary>
    public Distribution PromptTokens { get; init; } = Distribution.Constant(128);

    /// <summary>Tokens of an answer.</summary>
    public Distribution OutputTokens { get; init; } = Distribution.Constant(64);

    /// <summary>Tokens with which prompts of a group begin alike; 0 for none.</summary>
    public int SharedTokens { get; init; }

    /// <summary>Groups that differ in them.</summary>
    public int SharedGroups { get; init; } = 1;

    /// <summary>Whether what is shared is a message of the system.</summary>
    public bool SharedIsSystem { get; init; }

    /// <summary>Turns of a conversation; null for single calls.</summary>
    public Distribution? Turns { get; init; }

    /// <summary>From an answer to the next turn, s.</summary>
    public Distribution ThinkSeconds { get; init; } = Distribution.Constant(0);

    /// <summary>Which calls are given up, and when.</summary>
    public Cancellation Cancellation { get; init; } = Cancellation.None;
}
