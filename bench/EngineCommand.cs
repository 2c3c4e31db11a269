using System.CommandLine;
using System.Diagnostics;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Kv;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;

namespace Crescent.Bench;

/// <summary>
/// <c>engine</c>: what the engine adds to a device: time and allocation of a step at many running sequences, without sampling and with it, prefix
/// look-up in a full cache, a fork.
/// </summary>
internal static class EngineCommand
{
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "GGUF file whose tokenizer turns tokens into text.", Required = true };
        model.AcceptExistingOnly();
        var running = new Option<int>("--running") { Description = "Sequences in the batch.", DefaultValueFactory = _ => 256 };
        var blocks = new Option<int>("--blocks") { Description = "KV blocks of the cache that is looked up.", DefaultValueFactory = _ => 1_000_000 };
        var vocabulary = new Option<int>("--vocabulary") { Description = "Logits in a row that is sampled.", DefaultValueFactory = _ => 151_936 };
        var command = new Command("engine", "Costs of the engine without its device.") { model, running, blocks, vocabulary };
        command.SetAction(parse =>
        {
            using var language = LanguageModel.Open(parse.GetRequiredValue(model).FullName);
            MeasureSteps(language, parse.GetValue(running), parse.GetValue(vocabulary));
            MeasureLookUp(parse.GetValue(blocks));
            MeasureFork();
        });
        return command;
    }

    private static void MeasureSteps(LanguageModel language, int running, int vocabulary)
    {
        using (var device = new IdleDevice(running * 300, running, language.Graph.Config.VocabularySize))
        {
            MeasureStep("the device gives tokens", language, device, SamplingParameters.Greedy, running, 2_000);
        }

        using var team = new ComputeTeam(Environment.ProcessorCount, "bench");
        vocabulary = Math.Max(vocabulary, language.Tokenizer.VocabularySize);

        // Only tokens that have a text stand out.
        var logits = SampleLogits.Rows(vocabulary, running, language.Tokenizer.VocabularySize);
        using var sampling = new IdleDevice(running * 300, running, vocabulary, logits, new CpuSampler(team, () => IRowSampler.Create(vocabulary)));
        var topK = new SamplingParameters { TopK = 20, TopP = 0.95f, Temperature = 0.7f };
        MeasureStep($"greedy of {vocabulary:N0} on {team.Count} threads", language, sampling, SamplingParameters.Greedy, running, 200);
        MeasureStep($"top_k 20 of {vocabulary:N0} on {team.Count} threads", language, sampling, topK, running, 200);
    }

    private static void MeasureStep(string name, LanguageModel language, IdleDevice device, SamplingParameters sampling, int running, int steps)
    {
        var sink = new CountingSink();
        using var engine = new InferenceEngine(device, language.Tokenizer, "bench", sink, new CpuPowerModel(1), new EngineOptions { MaxRunning = running });
        for (var id = 0; id < running; id++)
        {
            engine.Submit(new InferenceRequest { Id = id, Prompt = [id % 100, 1 + (id / 100)], MaxTokens = 4_500, IgnoreEndOfGeneration = true, Sampling = sampling });
        }

        for (var i = 0; i < steps / 2; i++)
        {
            engine.Step();
        }

        var times = new double[steps];
        var filling = new List<double>(steps);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var collections = GC.CollectionCount(0);
        for (var i = 0; i < steps; i++)
        {
            var events = sink.KvEvents;
            var started = Stopwatch.GetTimestamp();
            engine.Step();
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            if (sink.KvEvents > events)
            {
                filling.Add(times[i]);
            }
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Array.Sort(times);
        filling.Sort();
        Console.WriteLine(
            $"step, {running} running, {name}: median {times[steps / 2]:F1} us, p99 {times[steps * 99 / 100]:F1} us, median where all fill a block {filling[filling.Count / 2]:F1} us, {allocated / (double)steps:F1} B a step, "
            + $"{GC.CollectionCount(0) - collections} collections, {sink.Tokens:N0} tokens");
    }

    private static void MeasureLookUp(int blocks)
    {
        const int PromptTokens = 32_768;
        var blockSize = new KvBlockSize(IdleDevice.BlockSize);
        var cache = new KvCache(blocks, blockSize);
        var root = BlockHash.Root("bench", "f16");
        var tokens = new int[PromptTokens];
        var tables = new List<BlockTable>();
        for (var prompt = 0; cache.FreeBlocks >= PromptTokens / IdleDevice.BlockSize; prompt++)
        {
            Fill(tokens, prompt);
            var table = new BlockTable();
            KvCache.Hash(table, blockSize, root, tokens);
            cache.TryGrow(table, PromptTokens);
            cache.Register(table, PromptTokens);
            tables.Add(table);
        }

        var hashing = new List<double>();
        var matching = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            Fill(tokens, i % tables.Count);
            var table = new BlockTable();
            var started = Stopwatch.GetTimestamp();
            KvCache.Hash(table, blockSize, root, tokens);
            hashing.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            started = Stopwatch.GetTimestamp();
            var match = cache.Match(table, PromptTokens);
            matching.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            if (match.Blocks != (PromptTokens / IdleDevice.BlockSize) - 1)
                throw new InvalidOperationException($"The prompt matched {match.Blocks} blocks.");
        }

        hashing.Sort();
        matching.Sort();
        Console.WriteLine(
            $"prefix of 32,768 tokens among {cache.CachedBlocks:N0} blocks: hash {hashing[hashing.Count / 2]:F0} us, look-up {matching[matching.Count / 2]:F0} us");
    }

    private static void MeasureFork()
    {
        var cache = new KvCache(100_000, new KvBlockSize(IdleDevice.BlockSize));
        var source = new BlockTable();
        cache.TryGrow(source, 32_760);
        var copies = new KvCopies();
        var times = new List<double>();
        for (var i = 0; i < 500; i++)
        {
            var copy = new BlockTable();
            var started = Stopwatch.GetTimestamp();
            cache.TryFork(source, copy, 32_760, copies);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            cache.Free(copy);
        }

        times.Sort();
        Console.WriteLine($"fork of 32,760 positions: {times[times.Count / 2]:F1} us, and the copy of one block");
    }

    private static void Fill(int[] tokens, int prompt)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            tokens[i] = (prompt * 7919) + i;
        }
    }

    private sealed class CountingSink : IEngineSink
    {
        public long Tokens { get; private set; }

        public long KvEvents { get; private set; }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs) => Tokens += outputs.Length;

        public void OnKvEvents(KvEventBatch batch) => KvEvents++;
    }
}
