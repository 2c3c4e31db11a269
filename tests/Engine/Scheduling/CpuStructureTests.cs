using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Random schemas through the whole engine with real models; <c>bench schema</c> does the same a thousand times.</summary>
public sealed class CpuStructureTests
{
    [Theory]
    [InlineData(RealModel.Tiny, 60)]
    [InlineData(RealModel.SmolLM2, 12)]
    public async Task An_answer_by_a_schema_parses_and_is_valid(string name, int runs)
    {
        var stop = TestContext.Current.CancellationToken;
        using var model = RealModel.Open(name, blocks: 400);
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink);
        var schemas = new Dictionary<long, JsonNode>();
        for (var id = 0; id < runs; id++)
        {
            var random = new Random(1000 + id);
            var schema = schemas[id] = RandomSchemas.Document(random);
            var source = GrammarSource.JsonSchema(schema.ToJsonString());
            engine.Submit(new InferenceRequest
            {
                Id = id,
                Prompt = model.Encode("Tell me about a fox, in JSON: "),

                // As few as will do, or some more.
                MaxTokens = model.Compile(source).Start().Distance + 1 + random.Next(40),
                Sampling = new SamplingParameters { Temperature = 0.5f * (id % 4), Seed = (ulong)id, Structure = new OutputStructure(source) },
            });
        }

        // Grammars are compiled on threads of their own.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (sink.Records.Values.Count(record => record.Finish != FinishReason.None) < runs)
        {
            if (!engine.Step())
            {
                await Task.Delay(1, deadline.Token);
            }
        }

        foreach (var (id, schema) in schemas)
        {
            Assert.Equal((FinishReason.Stop, null), (sink[id].Finish, sink[id].Error));
            using var value = JsonDocument.Parse(sink[id].Text, new JsonDocumentOptions { MaxDepth = 200 });
            Assert.True(SchemaValidator.IsValid(value.RootElement, schema, schema), sink[id].Text);
        }
    }
}
