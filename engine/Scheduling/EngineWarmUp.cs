using Crescent.Engine.Devices;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// A few tokens through a device before its engine takes requests, so that what a step needs is compiled and its weights are in memory when the
/// first one comes. Nothing of it is left: the engine that does it is not the one that serves, and a device keeps no blocks by itself.
/// </summary>
public static class EngineWarmUp
{
    // Prompts that are run together, one batch after the other. A product takes 8 or 6 tokens at once, then 4, 2 and 1, and has other kernels for fewer than 8
    // tokens than for more: steps of 15, 10 and 7 tokens meet all of them.
    private static readonly int[][] Batches = [[15], [10], [5, 1, 1]];
    private const int Outputs = 4;

    /// <summary>Runs it to its end; the device must be free, and that of <paramref name="draft"/> too.</summary>
    public static void Run(IDevice device, Tokenizer tokenizer, DraftModel? draft = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        var sink = new Count();
        var power = new CpuPowerModel(1);

        // Nobody is promised anything, so that each batch is one step however long that takes.
        var options = new EngineOptions
        {
            MaxStepTokens = device.Info.MaxStepTokens,
            PrefixCache = false,
            ItlSeconds = double.PositiveInfinity,
            BatchItlSeconds = double.PositiveInfinity,
        };
        using var engine = new InferenceEngine(device, tokenizer, "warm-up", sink, power, options, draft: draft);
        var submitted = 0;
        foreach (var batch in Batches)
        {
            foreach (var tokens in batch)
            {
                engine.Submit(Request(submitted++, tokens, device.Info.VocabularySize));
            }

            while (sink.Ended < submitted)
            {
                engine.Step();
            }
        }
    }

    private static InferenceRequest Request(int id, int tokens, int vocabulary) => new()
    {
        Id = id,
        Prompt = [.. Enumerable.Range(0, tokens).Select(token => token % vocabulary)],
        MaxTokens = Outputs,
        IgnoreEndOfGeneration = true,
        Sampling = id == 0 ? SamplingParameters.Greedy : new SamplingParameters { Temperature = 1, TopK = 20, TopP = 0.95f, TopLogprobs = id },
    };

    private sealed class Count : IEngineSink
    {
        public int Ended { get; private set; }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            foreach (ref readonly var output in outputs)
            {
                Ended += output.Finish == FinishReason.None ? 0 : 1;
            }
        }
    }
}
