using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Sampling.Grammars;

namespace Crescent.Bench;

/// <summary><c>schema</c>: answers of a model by random JSON schemas, at several temperatures and limits: all must parse and be valid.</summary>
internal static class SchemaCommand
{
    private static readonly float[] Temperatures = [0, 0.7f, 1, 1.5f];

    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "GGUF file to run.", Required = true };
        model.AcceptExistingOnly();
        var runs = new Option<int>("--runs") { Description = "Requests, each with a schema of its own.", DefaultValueFactory = _ => 1000 };
        var seed = new Option<int>("--seed") { Description = "Seed of schemas, limits and draws.", DefaultValueFactory = _ => 1 };
        var command = new Command("schema", "Whether answers by random schemas are valid.") { model, runs, seed };
        command.SetAction(parse => Run(parse.GetRequiredValue(model), Math.Max(1, parse.GetValue(runs)), parse.GetValue(seed)));
        return command;
    }

    private static int Run(FileInfo file, int runs, int seed)
    {
        using var model = LanguageModel.Open(file.FullName);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions());
        var sink = new TextSink();
        using var engine = new InferenceEngine(device, model.Tokenizer, model.Name, sink, new CpuPowerModel(1), new EngineOptions { MaxRunning = 16 });
        var vocabulary = new TokenVocabulary(model.Tokenizer);
        var prompt = model.Tokenizer.Encode("Tell me about a fox, in JSON: ", parseSpecial: false);
        var (valid, ended, steered, tokens) = (0, 0, 0, 0L);
        var started = Stopwatch.GetTimestamp();
        for (var id = 0; id < runs;)
        {
            // Few at once: each grammar keeps what it works out.
            var batch = new Dictionary<long, (JsonNode Schema, int Limit)>();
            for (; batch.Count < 16 && id < runs; id++)
            {
                var random = new Random((seed * 1_000_003) + id);
                var schema = RandomSchemas.Document(random);
                var source = GrammarSource.JsonSchema(schema.ToJsonString());

                // A limit below the shortest answer could only cut it off.
                var limit = Grammar.Compile(source, vocabulary).Start().Distance + 1 + random.Next(100);
                batch[id] = (schema, limit);
                engine.Submit(new InferenceRequest
                {
                    Id = id,
                    Prompt = prompt,
                    MaxTokens = limit,
                    Sampling = new SamplingParameters { Temperature = Temperatures[id % Temperatures.Length], Seed = (ulong)id, Structure = new OutputStructure(source) },
                });
            }

            while (batch.Keys.Any(one => !sink.HasEnded(one)))
            {
                if (!engine.Step())
                {
                    Thread.Sleep(1);
                }
            }

            foreach (var (one, (schema, limit)) in batch)
            {
                var (text, reason, count) = sink.Take(one);
                tokens += count;
                ended += reason == FinishReason.Stop ? 1 : 0;
                steered += count == limit ? 1 : 0;
                var isValid = IsValid(text, schema);
                valid += isValid ? 1 : 0;
                if (!isValid)
                {
                    Console.WriteLine($"request {one}, {reason}: {text} by {schema.ToJsonString()}");
                }
            }
        }

        Console.WriteLine(
            $"{file.Name}: {runs:N0} random schemas, temperatures {string.Join(", ", Temperatures)}: {valid:N0} answers parse and are valid, {ended:N0} end by themselves, "
            + $"{steered:N0} with their last token; {tokens:N0} tokens in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
        return valid == runs ? 0 : 1;
    }

    private static bool IsValid(string text, JsonNode schema)
    {
        try
        {
            using var value = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 200 });
            return SchemaValidator.IsValid(value.RootElement, schema, schema);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed class TextSink : IEngineSink
    {
        private readonly Dictionary<long, (StringBuilder Text, FinishReason Reason, int Tokens)> _answers = [];

        public bool HasEnded(long id) => _answers.TryGetValue(id, out var answer) && answer.Reason != FinishReason.None;

        public (string Text, FinishReason Reason, int Tokens) Take(long id)
        {
            _answers.Remove(id, out var answer);
            return (answer.Text.ToString(), answer.Reason, answer.Tokens);
        }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            foreach (var output in outputs)
            {
                var text = _answers.TryGetValue(output.Request.Id, out var answer) ? answer.Text : new StringBuilder();
                _answers[output.Request.Id] = (text.Append(output.Text), output.Finish, answer.Tokens + (output.Token >= 0 ? 1 : 0));
            }
        }
    }
}
