using System.Runtime.InteropServices;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>What the kernel of <c>sampling.cu</c> answers for a row: 184 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SamplingAnswer
{
    /// <summary>What <see cref="Token"/> is where the host has to draw.</summary>
    public const int ForHost = -4;

    public double Sum; // of exp(logit - maximum), of the logits as the model gave them
    public float Maximum; // likewise
    public float Logit; // of the token, likewise
    public int Token;
    public int Unused;
    public fixed int Tokens[SamplingParameters.MaxTopLogprobs]; // the likeliest
    public fixed float Logits[SamplingParameters.MaxTopLogprobs];

    /// <summary>Gives the row what was drawn, as the host's sampler does; false, and nothing, where the host has to draw.</summary>
    public bool TryGive(SamplingRow row, int vocabulary)
    {
        if (Token == ForHost)
        {
            return false;
        }

        row.Token = Token;
        if (row.Parameters.TopLogprobs is null)
        {
            return true;
        }

        // The logits themselves are no numbers then, or none is finite.
        if (!row.IsRedraw && float.IsFinite(Maximum))
        {
            row.Normaliser = Maximum + NaturalLogarithm.Of(Sum);
            var tokens = row.TopTokens;
            var values = row.TopLogprobs;
            for (var i = 0; i < Math.Min(tokens.Length, vocabulary); i++)
            {
                (tokens[i], values[i]) = (Tokens[i], (float)(Logits[i] - row.Normaliser));
            }
        }

        if (Token >= 0)
        {
            row.Logprob = (float)(Logit - row.Normaliser);
        }

        return true;
    }
}
