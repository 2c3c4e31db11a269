namespace Crescent.Engine.Scheduling;

/// <summary>What an engine has counted since its start.</summary>
/// <param name="PromptTokens">Prompt tokens of started sequences.</param>
/// <param name="OutputTokens">Tokens generated.</param>
/// <param name="PrefixQueryTokens">Tokens looked up in the prefix cache.</param>
/// <param name="PrefixHitTokens">Of those, tokens found on the device.</param>
/// <param name="HostHitTokens">Of those, tokens copied from the host tier.</param>
/// <param name="ForkedTokens">Tokens that forks took over from their leaders.</param>
/// <param name="Preemptions">Times a sequence lost its blocks to another.</param>
public readonly record struct EngineCounters(
    long PromptTokens,
    long OutputTokens,
    long PrefixQueryTokens,
    long PrefixHitTokens,
    long HostHitTokens,
    long ForkedTokens,
    long Preemptions)
{
    /// <summary>Tokens guessed ahead.</summary>
    public GuessCounts Guesses { get; init; }

    /// <summary>All tokens guessed ahead.</summary>
    public long GuessedTokens => Guesses.Guessed;

    /// <summary>Of those, tokens that came true.</summary>
    public long AcceptedTokens => Guesses.Accepted;

    /// <summary>Requests that an exception of their own ended.</summary>
    public long Faults { get; init; }

    /// <summary>Calls that were held between two steps of their program because memory or watts were short, each once.</summary>
    public long Holds { get; init; }

    /// <summary>Of those, calls that were held for want of watts alone.</summary>
    public long HoldsForWatts { get; init; }
}
