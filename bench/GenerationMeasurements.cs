using System.Diagnostics;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;

namespace Crescent.Bench;

/// <summary>Tokens a second of a batch of eight sequences on a CPU device, sampler and engine included, for two settings in turns.</summary>
internal static class GenerationMeasurements
{
    private const int Sequences = 8;
    private const int Tokens = 48;
    private const int Rounds = 7;

    /// <summary>Greedy, then <c>top_k</c> 20 with <c>top_p</c> .95 and temperature .7.</summary>
    public static IEnumerable<CpuMeasurement> Run(FileInfo file, bool quiet)
    {
        using var model = LanguageModel.Open(file.FullName);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = 256 });
        (string Name, SamplingParameters Parameters)[] settings =
        [
            ("greedy", SamplingParameters.Greedy),
            ("top_k 20, top_p .95, temperature .7", new SamplingParameters { TopK = 20, TopP = 0.95f, Temperature = 0.7f }),
        ];
        var rates = settings.Select(static _ => new List<double>()).ToArray();
        for (var round = -1; round < Rounds; round++)
        {
            for (var i = 0; i < settings.Length; i++)
            {
                var rate = Generate(model, device, settings[i].Parameters, round);
                if (round >= 0)
                {
                    rates[i].Add(rate);
                }
            }
        }

        if (!quiet)
        {
            Console.WriteLine($"{file.Name} on {device.Info.Description}: tokens/s of {Sequences} sequences, median and best of {Rounds} in turns");
        }

        double greedy = 0;
        for (var i = 0; i < settings.Length; i++)
        {
            rates[i].Sort();
            var result = new CpuMeasurement(settings[i].Name, Math.Round(rates[i][Rounds / 2], 1), Math.Round(rates[i][^1], 1));
            greedy = i == 0 ? result.Median : greedy;
            if (!quiet)
            {
                Console.WriteLine($"  {result.Name,-40} {result.Median,10:F1} {result.Best,10:F1}, {result.Median / greedy:F3} of greedy");
            }

            yield return result;
        }
    }

    private static double Generate(LanguageModel model, CpuDevice device, SamplingParameters parameters, int round)
    {
        var options = new EngineOptions { MaxRunning = Sequences, PrefixCache = false };
        using var engine = new InferenceEngine(device, model.Tokenizer, model.Name, new NullSink(), new CpuPowerModel(1), options);
        for (var id = 0; id < Sequences; id++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = id,
                Prompt = model.Tokenizer.Encode($"Write about the number {id}: ", parseSpecial: false),
                MaxTokens = Tokens + 1,
                IgnoreEndOfGeneration = true,
                Sampling = parameters with { Seed = (ulong)(id + (100 * round)) },
            });
        }

        // The first step computes the prompts.
        while (engine.Counters.OutputTokens < Sequences)
        {
            engine.Step();
        }

        var tokens = engine.Counters.OutputTokens;
        var started = Stopwatch.GetTimestamp();
        while (engine.State.Running > 0)
        {
            engine.Step();
        }

        return (engine.Counters.OutputTokens - tokens) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private sealed class NullSink : IEngineSink
    {
        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
        }
    }
}
