using System.CommandLine;
using System.Diagnostics;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;

namespace Crescent.Bench;

/// <summary>
/// <c>draft</c>: tokens a second without guesses, with look-ups in the text itself and with a draft model or the model's own head, in turns in one run, as ratios; and how many guesses came true.
/// </summary>
internal static class DraftCommand
{
    private const int Tokens = 96;

    private static readonly string[] Prompts =
    [
        "Write a short story about a fox who lives in a forest near the sea.",
        "Explain in simple words why the sky is blue in the day and red in the evening.",
        "List ten animals that live in Africa, each with one sentence about it.",
        "Repeat this list three times: apple, pear, plum, cherry, apricot, peach, grape, melon.",
        "Write a Python function that returns the sum of all even numbers in a list.",
        "What is the capital of France, and what can one see there?",
        "Give me a recipe for pancakes with all amounts.",
        "Write a letter to a friend about a holiday in the mountains.",
    ];

    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "GGUF file to run.", Required = true };
        model.AcceptExistingOnly();
        var draft = new Option<FileInfo>("--draft") { Description = "GGUF file that guesses. Default: the model's own head for multi-token prediction, or the model itself where it has none." };
        draft.AcceptExistingOnly();
        var layers = new Option<int>("--draft-layers") { Description = "Of the draft's layers only so many, the first; 0 for all.", DefaultValueFactory = _ => 0 };
        var guesses = new Option<int>("--draft-tokens") { Description = "Most tokens to guess.", DefaultValueFactory = _ => DraftModel.DefaultTokens };
        var rounds = new Option<int>("--rounds") { Description = "Runs of each, in turns.", DefaultValueFactory = _ => 3 };
        var command = new Command("draft", "Tokens a second with and without a draft model.") { model, draft, layers, guesses, rounds };
        command.SetAction(parse =>
        {
            var file = parse.GetRequiredValue(model);
            Run(file, parse.GetValue(draft), parse.GetValue(layers), Math.Clamp(parse.GetValue(guesses), 1, DraftModel.MaxTokens), Math.Max(1, parse.GetValue(rounds)));
        });
        return command;
    }

    private static void Run(FileInfo file, FileInfo? draftFile, int layers, int guesses, int rounds)
    {
        using var model = LanguageModel.Open(file.FullName);
        using var draftModel = draftFile is null ? null : LanguageModel.Open(draftFile.FullName);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = 256 });
        var whole = draftModel?.Graph ?? (layers > 0 ? model.Graph : model.Graph.Head ?? model.Graph);
        var graph = layers > 0 ? FirstLayers(whole, layers) : whole;
        using var guesser = new CpuDevice(graph, new CpuDeviceOptions { KvBlocks = 256 }, device);
        Console.WriteLine($"{file.Name} on {device.Info.Description}; draft {draftFile?.Name ?? (graph.HiddenInput is null ? file.Name : "its own head")}, {graph.Layers.Count} of {whole.Layers.Count} layers, {guesses} tokens at the most");
        foreach (var sequences in new[] { 1, Prompts.Length })
        {
            foreach (var temperature in new[] { 0f, 0.7f })
            {
                Compare(model, device, new DraftModel(guesser, "draft", guesses), sequences, temperature, rounds);
            }
        }
    }

    private static DecoderGraph FirstLayers(DecoderGraph graph, int layers) => graph with
    {
        Config = graph.Config with { LayerCount = Math.Min(layers, graph.Layers.Count) },
        Layers = [.. graph.Layers.Take(layers)],
    };

    private static void Compare(LanguageModel model, CpuDevice device, DraftModel draft, int sequences, float temperature, int rounds)
    {
        (string Name, int NGram, DraftModel? Draft)[] ways = [("no guesses", 0, null), ("look-ups", 8, null), ("draft model", 0, draft)];
        var rates = ways.Select(static _ => new List<double>()).ToArray();
        var counts = new GuessCounts[ways.Length];
        for (var round = -1; round < rounds; round++)
        {
            for (var i = 0; i < ways.Length; i++)
            {
                var rate = Generate(model, device, ways[i].NGram, ways[i].Draft, sequences, temperature, out counts[i]);
                if (round >= 0)
                {
                    rates[i].Add(rate);
                }
            }
        }

        Console.WriteLine($"{sequences} {(sequences == 1 ? "sequence" : "sequences")} of {Tokens} tokens, temperature {temperature}");
        var medians = rates.Select(static all => all.Order().ElementAt(all.Count / 2)).ToArray();
        for (var i = 0; i < ways.Length; i++)
        {
            var (name, (guessed, accepted, _, _, _, _)) = (ways[i].Name, counts[i]);
            Console.WriteLine($"  {name,-12} {medians[i],8:F1} tokens/s, {medians[i] / medians[0]:F2} of none; {accepted} of {guessed} guesses came true");
        }
    }

    private static double Generate(LanguageModel model, CpuDevice device, int nGram, DraftModel? draft, int sequences, float temperature, out GuessCounts guesses)
    {
        using var engine = new InferenceEngine(
            device, model.Tokenizer, model.Name, new NullSink(), new CpuPowerModel(1), new EngineOptions { PrefixCache = false }, draft: draft);
        for (var id = 0; id < sequences; id++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = id,
                Prompt = model.Tokenizer.Encode($"<|im_start|>user\n{Prompts[id]}<|im_end|>\n<|im_start|>assistant\n", parseSpecial: true),
                MaxTokens = Tokens + 1,
                IgnoreEndOfGeneration = true,
                SpeculativeTokens = nGram,
                Sampling = new SamplingParameters { Temperature = temperature, Seed = (ulong)id },
            });
        }

        // The first step computes the prompts.
        while (engine.Counters.OutputTokens < sequences)
        {
            engine.Step();
        }

        var tokens = engine.Counters.OutputTokens;
        var started = Stopwatch.GetTimestamp();
        while (engine.State.Running > 0)
        {
            engine.Step();
        }

        guesses = engine.Counters.Guesses;
        return (engine.Counters.OutputTokens - tokens) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private sealed class NullSink : IEngineSink
    {
        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
        }
    }
}
