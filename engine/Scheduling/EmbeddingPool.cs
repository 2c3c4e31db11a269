using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Makes the embedding of a prompt: the mean of its tokens' hidden states, scaled to length 1. Each token counts once, in the order of
/// positions, whatever chunks they come in and however often they are computed, so that its bits depend on the prompt alone.
/// </summary>
internal sealed class EmbeddingPool
{
    private double[] _sum = [];
    private int _count;

    /// <summary>Throws when <paramref name="device"/> cannot give the embedding of <paramref name="request"/>.</summary>
    /// <exception cref="RequestRefusedException">The device has no hidden states, or the request asks for tokens as well.</exception>
    public static void Validate(InferenceRequest request, DeviceInfo device)
    {
        if (device.HiddenSize == 0)
        {
            throw new RequestRefusedException(
                RefusalReason.Invalid,
                $"Device {device.Name} has no hidden states{(device.Simulated ? ": it is simulated" : "")}; embeddings need a device that runs a model.");
        }

        if (request.MaxTokens != 0 || request.ResumedTokens != 0 || request.SpeculativeTokens != 0 || request.ForkOf is not null)
        {
            throw new RequestRefusedException(
                RefusalReason.Invalid,
                "A request that wants an embedding generates nothing and computes all: MaxTokens, ResumedTokens and SpeculativeTokens must be 0 and ForkOf null.");
        }
    }

    /// <summary>Takes the hidden states of a step, which has been counted as computed.</summary>
    /// <returns>True when all tokens have been taken.</returns>
    public bool Add(in StepResult result, in ScheduledSequence scheduled, Sequence sequence)
    {
        var start = sequence.Computed - scheduled.Tokens;

        // A preempted sequence computes its tokens anew.
        for (var i = Math.Max(0, _count - start); i < scheduled.Tokens; i++)
        {
            Add(result.HiddenState(scheduled.HiddenRow + i));
        }

        return sequence.Computed == sequence.TokenCount;
    }

    /// <summary>The embedding (hidden size); null where the hidden states are no finite numbers.</summary>
    public float[]? TryEmbedding()
    {
        var squares = 0.0;
        foreach (var value in _sum)
        {
            squares += value * value;
        }

        if (!double.IsFinite(squares))
        {
            return null;
        }

        // The count scales all alike, and the length takes it out again.
        var scale = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
        return Array.ConvertAll(_sum, value => (float)(value * scale));
    }

    private void Add(ReadOnlySpan<float> state)
    {
        if (_count++ == 0)
        {
            _sum = new double[state.Length];
        }

        for (var i = 0; i < state.Length; i++)
        {
            _sum[i] += state[i];
        }
    }
}
