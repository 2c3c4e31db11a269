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
    // Together they meet every number of tokens that the kernels of the CPU device take at once, with prompts and with single tokens.
    private static readonly int[] PromptTokens = [15, 4, 1];
    private const int Outputs = 4;

    /// <summary>Runs it to its end; the device must be free.</summary>
    public static void Run(IDevice device, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(device);
        var sink = new Count();
        var power = new CpuPowerModel(1);
        var options = new EngineOptions { MaxStepTokens = device.Info.MaxStepTokens, PrefixCache = false };
        using var engine = new InferenceEngine(device, tokenizer, "warm-up", sink, power, options);
        for (var i = 0; i < PromptTokens.Length; i++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = i + 1,
                Prompt = [.. Enumerable.Range(0, PromptTokens[i]).Select(token => token % device.Info.VocabularySize)],
                MaxTokens = Outputs,
                IgnoreEndOfGeneration = true,
                Sampling = i == 0 ? SamplingParameters.Greedy : new SamplingParameters { Temperature = 1, TopK = 20, TopP = 0.95f, TopLogprobs = i },
            });
        }

        while (sink.Ended < PromptTokens.Length)
        {
            engine.Step();
        }
    }

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
