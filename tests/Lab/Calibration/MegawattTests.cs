using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;

namespace Crescent.Tests.Lab.Calibration;

/// <summary>
/// One megawatt of Hopper: 740 H100 in groups of 8, Llama-70B in FP8, prompts of 32K and answers of 8K, on one group of the 92.5.
/// </summary>
public sealed class MegawattTests
{
    private const double Groups = 740.0 / 8;
    private const int Prompt = 32_768;
    private const int Output = 8192;

    [Fact]
    public void It_gives_one_user_225_tokens_a_second()
    {
        var ends = Run(requests: 1, out var first);
        var rate = (Output - 1) / (ends[0] - first).TotalSeconds;
        Assert.InRange(rate, 225 * 0.95, 225 * 1.05);
    }

    [Fact]
    public void It_gives_all_users_together_180000_tokens_a_second()
    {
        const int Batch = 73;
        var ends = Run(requests: 5 * Batch, out _);

        // Between the first wave, which starts with empty batches, and the last, which leaves them.
        var seconds = (ends[(4 * Batch) - 1] - ends[Batch - 1]).TotalSeconds;
        var rate = 3 * Batch * (double)Output / seconds * Groups;
        Assert.InRange(rate, 180_000 * 0.95, 180_000 * 1.05);
    }

    private static List<TimeSpan> Run(int requests, out TimeSpan firstToken)
    {
        var clock = new VirtualClock();
        var tokenizer = new SilentTokenizer();
        var device = new SimulatedDevice(
            SimulatedDeviceSpec.Parse("sim:h100-sxm*92:tp8"), 0, SimulatedModels.Find("llama-3-70b-fp8"), new SimulatedText(tokenizer));
        var sink = new Sink(clock);
        var fits = device.Info.BlockCount / ((Prompt + Output) / device.Info.BlockSize);
        Assert.Equal(73, fits);
        var options = new EngineOptions { MaxStepTokens = 8192, MaxRunning = fits, MaxWaiting = requests, PrefixCache = false };
        using var engine = new VirtualEngine(clock, device, tokenizer, "llama-3-70b-fp8", sink, device.Power, options);
        var prompt = new int[Prompt];
        for (var id = 0; id < requests; id++)
        {
            engine.Submit(new InferenceRequest { Id = id, Prompt = prompt, MaxTokens = Output });
        }

        clock.Run(TestContext.Current.CancellationToken);
        Assert.Equal(requests, sink.Ends.Count);
        firstToken = sink.First;
        return sink.Ends;
    }

    private sealed class Sink(VirtualClock clock) : IEngineSink
    {
        public List<TimeSpan> Ends { get; } = [];

        public TimeSpan First { get; private set; }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            First = First == TimeSpan.Zero ? clock.Elapsed : First;
            foreach (var output in outputs)
            {
                if (output.Finish != FinishReason.None)
                {
                    Ends.Add(clock.Elapsed);
                }
            }
        }
    }
}
