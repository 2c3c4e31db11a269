using Crescent.Client.Load.Draws;

namespace Crescent.Client.Mock;

/// <summary>How a mock server answers.</summary>
internal sealed record MockOptions
{
    /// <summary>Tokens of an answer whose request names no limit.</summary>
    public const int DefaultTokens = 128;

    /// <summary>From the whole request to the first token, s.</summary>
    public Distribution FirstSeconds { get; init; } = Distribution.Constant(0.05);

    /// <summary>From a token to the next, s. A chunk of n tokens comes after n times what is drawn.</summary>
    public Distribution GapSeconds { get; init; } = Distribution.Constant(0.01);

    /// <summary>Tokens of an answer, up to what the request allows; null for all that it allows, as with <c>ignore_eos</c>.</summary>
    public Distribution? Tokens { get; init; }

    /// <summary>Tokens of a chunk.</summary>
    public int TokensPerChunk { get; init; } = 1;

    /// <summary>The first so many tokens of a chat are thoughts (<c>reasoning_content</c>).</summary>
    public int ReasoningTokens { get; init; }

    /// <summary>Models it has.</summary>
    public IReadOnlyList<string> Models { get; init; } = ["mock"];

    /// <summary>Requests at a time; others wait, first come first served. 0 for no bound.</summary>
    public int Slots { get; init; }

    /// <summary>Share of requests that are refused.</summary>
    public double ErrorShare { get; init; }

    /// <summary>With this status.</summary>
    public int ErrorStatus { get; init; } = 500;

    /// <summary>What refusals tell as <c>Retry-After</c>, s; null for nothing.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Share of streams that break off in the middle.</summary>
    public double CutShare { get; init; }

    /// <summary>Share of streams that pause once.</summary>
    public double StallShare { get; init; }

    /// <summary>For so long, s.</summary>
    public double StallSeconds { get; init; } = 1;

    /// <summary>Every so often the whole server answers nothing for <see cref="FreezeSeconds"/>, s; 0 for never.</summary>
    public double FreezeEverySeconds { get; init; }

    /// <summary>For so long, s.</summary>
    public double FreezeSeconds { get; init; }

    /// <summary>Usage tells so many times the tokens that were sent, as servers do whose tokenizer is another; 0 for no usage.</summary>
    public double UsageFactor { get; init; } = 1;

    /// <summary>Energy of a token that usage tells; 0 for none, J.</summary>
    public double JoulesPerToken { get; init; }

    /// <summary>Whether it counts tokens at <c>/tokenize</c>.</summary>
    public bool Tokenizer { get; init; } = true;

    /// <summary>Of all that is drawn.</summary>
    public long Seed { get; init; }
}
