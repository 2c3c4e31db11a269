using System.CommandLine;
using System.Diagnostics;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;

namespace Crescent.Bench;

/// <summary>
/// <c>prefix</c>: time to the first token of requests with one system prompt: of the first, which computes it, and of one that comes when
/// it is cached.
/// </summary>
internal static class PrefixCommand
{
    private const int OutputTokens = 8;

    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "GGUF file to run.", Required = true };
        model.AcceptExistingOnly();
        var clients = new Option<int>("--clients") { Description = "Requests that come at once.", DefaultValueFactory = _ => 32 };
        var tokens = new Option<int>("--tokens") { Description = "Tokens of the system prompt.", DefaultValueFactory = _ => 1000 };
        var command = new Command("prefix", "Time to the first token with and without a cached system prompt.") { model, clients, tokens };
        command.SetAction(parse => Run(parse.GetRequiredValue(model), Math.Max(1, parse.GetValue(clients)), Math.Max(16, parse.GetValue(tokens))));
        return command;
    }

    private static void Run(FileInfo file, int clients, int tokens)
    {
        using var model = LanguageModel.Open(file.FullName);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = (tokens / 16) + (8 * (clients + 8)) });
        var sink = new FirstTokenSink();
        using var engine = new InferenceEngine(device, model.Tokenizer, model.Name, sink, new CpuPowerModel(1));
        var system = model.Tokenizer.Encode(
            string.Concat(Enumerable.Repeat("You are a helpful assistant who answers in one short sentence. ", tokens / 8)), parseSpecial: false)[..tokens];
        var question = model.Tokenizer.Encode(" What is the capital of France?", parseSpecial: false);

        // Other tokens first, so that no code is compiled while it is measured.
        for (var i = 0; i < 3; i++)
        {
            Serve(engine, sink, -1 - i, [50 + i, .. system.AsSpan(0, tokens / 2)]);
        }

        var before = engine.Counters;
        for (var id = 0; id < clients; id++)
        {
            sink.Submit(engine, Request(id, [.. system, 100 + id, .. question]));
        }

        while (engine.Step())
        {
        }

        var computed = engine.Counters.PromptTokens - before.PromptTokens - (engine.Counters.PrefixHitTokens - before.PrefixHitTokens);
        var prompts = engine.Counters.PromptTokens - before.PromptTokens;
        Serve(engine, sink, clients, [.. system, 100 + clients, .. question]);
        var (first, last) = (sink.Milliseconds(0), sink.Milliseconds(clients));
        Console.WriteLine($"{file.Name} on {device.Info.Description}: {clients} requests at once with one system prompt of {tokens} tokens");
        Console.WriteLine($"prompt tokens: {prompts:N0} asked for, {computed:N0} computed");
        Console.WriteLine($"time to first token: {first:F1} ms for the first, {last:F1} ms for number {clients + 1}: ratio {last / first:F3}");
    }

    private static void Serve(InferenceEngine engine, FirstTokenSink sink, long id, int[] prompt)
    {
        sink.Submit(engine, Request(id, prompt));
        while (engine.Step())
        {
        }
    }

    private static InferenceRequest Request(long id, int[] prompt) => new() { Id = id, Prompt = prompt, MaxTokens = OutputTokens, IgnoreEndOfGeneration = true };

    private sealed class FirstTokenSink : IEngineSink
    {
        private readonly Dictionary<long, long> _submitted = [];
        private readonly Dictionary<long, double> _first = [];

        public void Submit(InferenceEngine engine, InferenceRequest request)
        {
            _submitted[request.Id] = Stopwatch.GetTimestamp();
            engine.Submit(request);
        }

        public double Milliseconds(long id) => _first[id];

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            foreach (var output in outputs)
            {
                _first.TryAdd(output.Request.Id, Stopwatch.GetElapsedTime(_submitted[output.Request.Id]).TotalMilliseconds);
            }
        }
    }
}
