using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Measures;

/// <summary>What came of one call. Moments are ticks of the machine's steady clock; 0 where there was none.</summary>
internal readonly record struct CallRecord
{
    /// <summary>Of the call in its run.</summary>
    public long Number { get; init; }

    /// <summary>Its script's name; null for a single call.</summary>
    public string? Program { get; init; }

    /// <summary>When it was to start.</summary>
    public long Intended { get; init; }

    /// <summary>When the generator came to it: later than intended by the generator's own fault.</summary>
    public long Dispatched { get; init; }

    /// <summary>When it did start: later than <see cref="Dispatched"/> where as many calls as allowed were in flight.</summary>
    public long Started { get; init; }

    /// <summary>Whether as many calls as allowed were in flight, so that it had to wait.</summary>
    public bool HeldBack { get; init; }

    /// <summary>The first chunk, thoughts included.</summary>
    public long First { get; init; }

    /// <summary>The second chunk.</summary>
    public long Second { get; init; }

    /// <summary>The first chunk that is no thought.</summary>
    public long FirstOutput { get; init; }

    /// <summary>The last chunk.</summary>
    public long Last { get; init; }

    /// <summary>The end of the answer.</summary>
    public long Ended { get; init; }

    /// <summary>How it ended.</summary>
    public CallEnd End { get; init; }

    /// <summary>Status of HTTP; 0 for none.</summary>
    public int Status { get; init; }

    /// <summary>How long the server asks to wait before the next try, s; null where it does not.</summary>
    public double? RetryAfterSeconds { get; init; }

    /// <summary>How often the call was refused before, and asked again after the time that the server named.</summary>
    public int Refusals { get; init; }

    /// <summary>What those waits were in all, s, with one that the end of the run cut short: a part of every time from the intended start.</summary>
    public double WaitedSeconds { get; init; }

    /// <summary>What was wrong; null for nothing.</summary>
    public string? Fault { get; init; }

    /// <summary>Tokens that the prompt was to have.</summary>
    public int PlannedPromptTokens { get; init; }

    /// <summary>Tokens that the answer might have.</summary>
    public int PlannedOutputTokens { get; init; }

    /// <summary>Chunks.</summary>
    public int Chunks { get; init; }

    /// <summary>Chunks of thoughts alone.</summary>
    public int ReasoningChunks { get; init; }

    /// <summary>Tokens that chunks told; 0 where they tell none.</summary>
    public int ToldTokens { get; init; }

    /// <summary>What the server says.</summary>
    public ServerUsage Usage { get; init; }

    /// <summary>Whether it says so.</summary>
    public bool HasUsage { get; init; }

    /// <summary>Tokens of the answer: the server's count, else what chunks told, else a token a chunk.</summary>
    public int OutputTokens => HasUsage ? Usage.CompletionTokens : OwnTokens;

    /// <summary>The client's count: what chunks told, else a token a chunk.</summary>
    public int OwnTokens => ToldTokens > 0 ? ToldTokens : Chunks;

    /// <summary>Ticks between two tokens, in the mean of the answer (AIPerf's ITL); null where there are not two.</summary>
    public double? TokenTicks => OutputTokens > 1 && Chunks > 1 ? (double)(Last - First) / (OutputTokens - 1) : null;
}
