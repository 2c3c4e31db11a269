namespace Crescent.Client.Load.Measures;

/// <summary>A stretch of whole answers: each place is written once.</summary>
/// <param name="figures">What is kept of each.</param>
internal sealed class StableChunk(IReadOnlyList<StableFigure> figures)
{
    /// <summary>Answers in one.</summary>
    public const int Calls = 1 << 12;

    /// <summary>When each ended, ticks.</summary>
    public long[] Ended { get; } = new long[Calls];

    /// <summary>Tokens of each.</summary>
    public int[] Tokens { get; } = new int[Calls];

    /// <summary>By figure the value of each; empty for what is counted a second.</summary>
    public float[][] Values { get; } = [.. figures.Select(static figure => new float[figure.Read is null ? 0 : Calls])];

    /// <summary>Writes one.</summary>
    public void Set(int place, in CallRecord call)
    {
        Ended[place] = call.Ended;
        Tokens[place] = call.OutputTokens;
        for (var i = 0; i < Values.Length; i++)
        {
            if (figures[i].Read is { } read)
            {
                Values[i][place] = (float)read(call);
            }
        }
    }
}
