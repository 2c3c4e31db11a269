namespace Crescent.Bench.Serve;

/// <summary>One load.</summary>
/// <param name="Name">For the table.</param>
/// <param name="PromptTokens">Tokens of a prompt, about; 0 where <paramref name="PromptBytes"/> says how long it is.</param>
/// <param name="PromptBytes">Bytes of the prompt's text.</param>
/// <param name="OutputTokens">Tokens of an answer.</param>
/// <param name="Streams">Calls under way at once, a connection each.</param>
/// <param name="Calls">Calls in all.</param>
/// <param name="StepMs">What a step of the device takes, ms; 0 for a device that answers at once.</param>
internal sealed record ServeCase(string Name, int PromptTokens, int PromptBytes, int OutputTokens, int Streams, int Calls, int StepMs)
{
    /// <summary>What is measured, in this order. The first and the third differ by the output alone: what a token costs is their difference.</summary>
    public static readonly IReadOnlyList<ServeCase> All =
    [
        new("512/1", 512, 0, 1, 64, 3000, 0),
        new("512/256", 512, 0, 256, 1000, 3000, 0),
        new("512/256 paced", 512, 0, 256, 1000, 3000, 5),
        new("512/256 quiet", 512, 0, 256, 8, 24, 5),
        new("60000/500", 60_000, 0, 500, 8, 40, 0),
        new("220 KB/128", 0, 220_000, 128, 8, 40, 0),
    ];
}
