using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Calibration;

/// <summary>
/// Replays a measured offline run on a simulated instance, through the real scheduler and cache in virtual time.
/// </summary>
/// <remarks>
/// The engine is set up as the measured one sets itself up for a workload of one shape: a batch of as many requests as the KV memory holds at their
/// full length, at most 4,096, and a token budget that lets prefill keep up with decode, batch x (1 + prompt / output), 2,048 to 32,768. Nobody is
/// promised a time between tokens.
/// </remarks>
public static class ThroughputReplay
{
    /// <summary>Largest batch of a run.</summary>
    public const int MaxBatch = 4096;

    private const int MinStepTokens = 2048;
    private const int MaxStepTokens = 32_768;

    /// <summary>Runs <paramref name="row"/>.</summary>
    /// <exception cref="FormatException">Its model or GPU is not known, or the model does not fit.</exception>
    public static ReplayResult Run(ThroughputRow row, TimingParameters? timing = null, CancellationToken cancellationToken = default)
    {
        var gpu = GpuModels.Find(row.Gpu);
        var shape = SimulatedModels.Find($"{row.Model}-{row.Weights}") with { KvBytes = row.KvBytes };
        timing ??= row.Is2026 ? TimingParameters.Release2026 : TimingParameters.Default;
        var length = row.PromptTokens + row.OutputTokens;
        var blockSize = new KvBlockSize(SimulatedDeviceOptions.DefaultBlockSize);
        var blocks = (int)(SimulatedDevice.Sequences(gpu, row.TensorParallel, shape, row.DataParallel, length) * length / blockSize.Positions);
        var batch = Math.Clamp(blocks / blockSize.BlocksFor(length), 1, MaxBatch);
        var stepTokens = Math.Clamp((int)(batch * (1 + ((double)row.PromptTokens / row.OutputTokens))), MinStepTokens, MaxStepTokens);

        var clock = new VirtualClock();
        var tokenizer = new SilentTokenizer();
        using var device = new SimulatedDevice(
            new SimulatedDeviceSpec(gpu, 1, row.TensorParallel, row.DataParallel),
            0,
            shape,
            new SimulatedText(tokenizer),
            new SimulatedDeviceOptions { MaxStepTokens = stepTokens, MaxLogitRows = batch, BlockSize = blockSize.Positions, Timing = timing });
        var options = new EngineOptions
        {
            MaxStepTokens = stepTokens,
            MaxRunning = batch,
            MaxWaiting = row.Requests,
            ItlSeconds = double.PositiveInfinity,
            PromptShare = 1,
            PrefixCache = false,
        };
        var count = new Count(clock);
        using var engine = new VirtualEngine(clock, device, tokenizer, shape.Name, count, device.Power, options);
        for (var id = 0; id < row.Requests; id++)
        {
            engine.Submit(new InferenceRequest { Id = id, Prompt = Prompt(id, row.PromptTokens, tokenizer.VocabularySize), MaxTokens = row.OutputTokens });
        }

        clock.Run(cancellationToken);
        return new ReplayResult(count.Tokens / count.LastAt.TotalSeconds, batch, stepTokens, count.LastAt, engine.State.Steps, engine.Counters.Preemptions);
    }

    /// <summary>Prompts that have no beginning in common.</summary>
    private static int[] Prompt(int id, int tokens, int vocabulary)
    {
        var prompt = new int[tokens];
        prompt[0] = id % vocabulary;
        prompt[^1] = id / vocabulary;
        return prompt;
    }

    private sealed class Count(VirtualClock clock) : IEngineSink
    {
        public long Tokens { get; private set; }

        public TimeSpan LastAt { get; private set; }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            Tokens += outputs.Length;
            LastAt = clock.Elapsed;
        }
    }
}
