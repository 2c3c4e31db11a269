namespace Crescent.Engine.Devices.Simulated;

/// <summary>What a step has to compute, in sums over its slices.</summary>
public struct StepWork
{
    /// <summary>Sequences that decode: slices of one token.</summary>
    public int DecodeSequences { get; set; }

    /// <summary>Positions that decode attention reads, over all of them.</summary>
    public long DecodeContext { get; set; }

    /// <summary>The same in layers with a window.</summary>
    public long DecodeLocalContext { get; set; }

    /// <summary>Sequences whose prompt is computed.</summary>
    public int PrefillSequences { get; set; }

    /// <summary>Tokens of prompts.</summary>
    public int PrefillTokens { get; set; }

    /// <summary>Pairs of query and key positions in causal prefill attention.</summary>
    public double PrefillPairs { get; set; }

    /// <summary>The same in layers with a window.</summary>
    public double PrefillLocalPairs { get; set; }

    /// <summary>Rows of logits.</summary>
    public int LogitRows { get; set; }

    /// <summary>New tokens.</summary>
    public readonly int Tokens => DecodeSequences + PrefillTokens;

    /// <summary>Adds a sequence that decodes its token at <paramref name="position"/>.</summary>
    public void AddDecode(int position, int window)
    {
        DecodeSequences++;
        DecodeContext += position + 1;
        DecodeLocalContext += Math.Min(position + 1, window);
        LogitRows++;
    }

    /// <summary>Adds <paramref name="tokens"/> of a prompt from position <paramref name="start"/> on.</summary>
    public void AddPrefill(int start, int tokens, int logitRows, int window)
    {
        PrefillSequences++;
        PrefillTokens += tokens;
        var pairs = ((double)start * tokens) + (0.5 * tokens * (tokens + 1.0));
        PrefillPairs += pairs;
        PrefillLocalPairs += Math.Min(pairs, (double)window * tokens);
        LogitRows += logitRows;
    }
}
