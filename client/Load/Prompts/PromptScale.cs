namespace Crescent.Client.Load.Prompts;

/// <summary>How many words make how many of the target's tokens.</summary>
/// <param name="TokensPerWord">In the mean of <see cref="PromptWords"/>.</param>
/// <param name="Overhead">Tokens that the target's template adds to each prompt.</param>
/// <param name="Source">How that is known: <c>tokenize</c>, <c>usage</c> or <c>given</c>.</param>
internal sealed record PromptScale(double TokensPerWord, double Overhead, string Source)
{
    private const int Few = 32;
    private const int Many = 160;

    /// <summary>Roles of the messages of which <see cref="WithMessages"/> is told the tokens, each with the few words.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["user", "assistant", "user"];

    /// <summary>Tokens that the target's template adds for each message of a chat but the first.</summary>
    public double MessageOverhead { get; init; }

    /// <summary>The same scale where a chat of <see cref="Roles"/>, each with the few words, has so many tokens; without them where that is not known.</summary>
    public PromptScale WithMessages(double? tokens) => this with
    {
        MessageOverhead = tokens is { } told ? Math.Max(0, (told - Overhead - (Roles.Count * Few * TokensPerWord)) / (Roles.Count - 1)) : 0,
    };

    /// <summary>Words of a run's kind, but no call's, whose tokens are to be counted.</summary>
    /// <param name="seed">Of the run.</param>
    /// <param name="few">Whether the few, else the many.</param>
    public static string Sample(long seed, bool few) => new PromptWriter(new PromptScale(1, 0, ""), seed).Text(few ? new PromptPart(ulong.MaxValue, Few) : new PromptPart(ulong.MaxValue - 1, Many));

    /// <summary>The scale of a target that makes so many tokens of the few words and of the many; null where it does not say, or no sense.</summary>
    /// <param name="few">Tokens of the few.</param>
    /// <param name="many">Tokens of the many.</param>
    /// <param name="source">How that is known.</param>
    public static PromptScale? Measured(double? few, double? many, string source)
    {
        var slope = (many - few) / (Many - Few);
        return slope > 0 ? new PromptScale(slope.Value, Math.Max(0, few!.Value - (Few * slope.Value)), source) : null;
    }
}
