using System.Numerics;

namespace Crescent.Engine.Sampling;

/// <summary>Changes a row of logits before the draw, and takes the changes back after it: the row may be drawn from again. For one thread.</summary>
internal sealed class LogitAdjustments
{
    // Logits before they were changed, in the order of the changes.
    private float[] _saved = [];

    /// <summary>Takes out the tokens that the mask lacks.</summary>
    public static void Forbid(Span<float> logits, ReadOnlySpan<ulong> mask)
    {
        for (var word = 0; word * 64 < logits.Length; word++)
        {
            var part = logits.Slice(word * 64, Math.Min(64, logits.Length - (word * 64)));
            if (mask[word] == 0)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }

            for (var rest = ~mask[word]; rest != 0; rest &= rest - 1)
            {
                var bit = BitOperations.TrailingZeroCount(rest);
                if (bit >= part.Length)
                {
                    break;
                }

                part[bit] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Minimum length, bias and penalties. False when there are none.</summary>
    public bool Apply(Span<float> logits, SamplingBatch batch, SamplingRow row)
    {
        var ends = row.ForbidsEnd ? batch.EndTokens : [];
        var biased = row.BiasTokens;
        var biases = row.Biases;
        var seen = row.SeenTokens;
        var counts = row.SeenCounts;
        var needed = ends.Length + biased.Length + seen.Length;
        if (needed == 0)
        {
            return false;
        }

        if (_saved.Length < needed)
        {
            Array.Resize(ref _saved, Math.Max(needed, _saved.Length * 2));
        }

        var saved = 0;
        foreach (var token in ends)
        {
            _saved[saved++] = logits[token];
            logits[token] = float.NegativeInfinity;
        }

        for (var i = 0; i < biased.Length; i++)
        {
            ref var logit = ref logits[biased[i]];
            _saved[saved++] = logit;
            logit += biases[i];
        }

        var (repetition, frequency, presence) =
            (row.Parameters.RepetitionPenalty, row.Parameters.FrequencyPenalty, row.Parameters.PresencePenalty);
        for (var i = 0; i < seen.Length; i++)
        {
            ref var logit = ref logits[seen[i]];
            _saved[saved++] = logit;
            logit = logit > 0 ? logit / repetition : logit * repetition;
            logit -= (counts[i] * frequency) + (counts[i] > 0 ? presence : 0);
        }

        return true;
    }

    /// <summary>Undoes what <see cref="Apply"/> did, the last first, since a token may have been moved more than once.</summary>
    public void Undo(Span<float> logits, SamplingBatch batch, SamplingRow row)
    {
        var ends = row.ForbidsEnd ? batch.EndTokens : [];
        var biased = row.BiasTokens;
        var seen = row.SeenTokens;
        var saved = ends.Length + biased.Length + seen.Length;
        Restore(logits, seen, ref saved);
        Restore(logits, biased, ref saved);
        Restore(logits, ends, ref saved);
    }

    private void Restore(Span<float> logits, ReadOnlySpan<int> tokens, ref int saved)
    {
        for (var i = tokens.Length - 1; i >= 0; i--)
        {
            logits[tokens[i]] = _saved[--saved];
        }
    }
}
