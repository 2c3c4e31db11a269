using System.Text;
using System.Text.Json.Nodes;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains;
using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Models;
using Crescent.Grains.Streams;
using Crescent.Sdk;
using Crescent.Tests.Sdk;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Chat;

/// <summary>The chat grain over the embedded model, in a cluster of one silo.</summary>
public sealed class ChatGrainTests : IAsyncLifetime
{
    private readonly LanguageModel _model = LanguageModel.Open(TestFiles.TinyModel);
    private InProcessTestCluster _cluster = null!;
    private CpuDevice? _device;
    private EngineDriver? _driver;

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((_, host) =>
        {
            host.Logging.ClearProviders();
        });
        builder.ConfigureSilo((_, silo) => silo.AddCrescent(new CrescentSiloOptions { Model = _model.Name, Models = new ModelCatalogue([new ServedModel(_model, new GrammarCache(_model.Tokenizer), DateTimeOffset.UnixEpoch)]), Devices = [new DevicePlan("cpu", (_, sink, _) => Engine(sink))] }));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        var generations = _cluster.Silos[0].ServiceProvider.GetRequiredService<IGenerationService>();
        await FactoryCluster.Until(() => generations.MaxPositions(null) > 0, "the device is known");
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _driver?.Dispose();
        _device?.Dispose();
        _model.Dispose();
    }

    [Fact]
    public async Task A_question_is_answered_in_chunks_and_wrong_calls_are_named()
    {
        var text = new StringBuilder();
        ChatChunk? last = null;
        var tokens = 0;
        await foreach (var chunk in Ask("What is 23 + 48?"))
        {
            Assert.Null(last?.FinishReason);
            text.Append(chunk.Text);
            tokens += chunk.Tokens;
            last = chunk;
        }

        Assert.Contains("71", text.ToString(), StringComparison.Ordinal);
        Assert.Equal("stop", last!.FinishReason);
        Assert.Equal(tokens, last.Usage!.CompletionTokens);
        Assert.True(last.Usage.PromptTokens > 5);
        Assert.EndsWith("/cpu", last.Usage.Device, StringComparison.Ordinal);

        await AssertRefused("MaxTokens", Ask("Hi", call => call with { MaxTokens = 0 }));
        await AssertRefused("MaxTokens", Ask("Hi", call => call with { MaxTokens = 1_000_000 }));
        await AssertRefused("Temperature", Ask("Hi", call => call with { Temperature = 2.5f }));
        await AssertRefused("Session", Ask("Hi", call => call with { Session = "" }));
        await AssertRefused("Session", Ask("Hi", call => call with { Session = new string('x', 257) }));
        await AssertRefused("Stop", Ask("Hi", call => call with { Stop = ["a", ""] }));
        await AssertRefused("Stop", Ask("Hi", call => call with { Stop = ["a", "b", "c", "d", "e"] }));
        await AssertRefused("Tenant", Ask("Hi", call => call with { Tenant = new string('x', 257) }));
        await AssertRefused("Tools", Ask("Hi", call => call with { Tools = "{}" }));
        await AssertRefused("Tools[0]", Ask("Hi", call => call with { Tools = """[{"type":"function","function":{"name":""}}]""" }));
        await AssertRefused("ToolChoice", Ask("Hi", call => call with { ToolChoice = "required" }));
        await AssertRefused("Schema", Ask("Hi", call => call with { Schema = """{"type":"nothing"}""" }));
        await AssertRefused("ReasoningEffort", Ask("Hi", call => call with { ReasoningEffort = "hard" }));
        await AssertRefused("TopP", Ask("Hi", call => call with { TopP = 0 }));
        await AssertRefused("Messages", Ask("Hi", call => call with { Messages = "{ no json" }));
        await AssertRefused("Messages", Ask("Hi", call => call with { Messages = "[]" }));
        await AssertRefused("Messages", Ask(string.Concat(Enumerable.Repeat("far too long ", 5000))));
    }

    [Fact]
    public async Task An_answer_ends_at_a_stop_string_and_is_charged_to_its_tenant()
    {
        var whole = await Text(Ask("What is 23 + 48?"));
        var stop = whole[2..4];
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], await Text(Ask("What is 23 + 48?", call => call with { Stop = [stop], Tenant = "acme" })));
        var accounts = _cluster.Silos[0].ServiceProvider.GetRequiredService<EnergyAccounts>();
        await FactoryCluster.Until(() => accounts.Tenants.Any(static account => account is { Name: "acme", Requests: 1 }), "the tenant is charged");
    }

    [Fact]
    public async Task A_program_has_tools_structure_embeddings_and_usage_over_orleans()
    {
        await AskedByPrograms.Works(new ClusterChatClient(_cluster.Client, new CrescentClientOptions { Tenant = "shop" }));
        using var embeddings = new ClusterEmbeddingGenerator(_cluster.Client, new CrescentClientOptions());
        await AskedByPrograms.Embeds(embeddings);
        var refused = await Assert.ThrowsAsync<CrescentException>(() => embeddings.GenerateAsync(["a", ""], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("Inputs[1]", refused.Field);
    }

    private static async Task<string> Text(IAsyncEnumerable<ChatChunk> answer)
    {
        var text = new StringBuilder();
        await foreach (var chunk in answer)
        {
            text.Append(chunk.Text);
        }

        return text.ToString();
    }

    private static async Task AssertRefused(string field, IAsyncEnumerable<ChatChunk> answer)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(async () =>
        {
            await foreach (var chunk in answer)
            {
            }
        });
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
    }

    private IAsyncEnumerable<ChatChunk> Ask(string question, Func<ChatCall, ChatCall>? change = null)
    {
        var call = new ChatCall { Messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }).ToJsonString() };
        return _cluster.Client.GetGrain<IChatGrain>(Guid.NewGuid()).Complete(change?.Invoke(call) ?? call, TestContext.Current.CancellationToken);
    }

    private OwnedEngine Engine(IEngineSink sink)
    {
        _device = new CpuDevice(_model.Graph, new CpuDeviceOptions { Threads = 1 });
        var engine = new InferenceEngine(_device, _model.Tokenizer, _model.Name, sink, new CpuPowerModel(1));
        _driver = new EngineDriver(engine);
        return new OwnedEngine(engine, engine);
    }
}
