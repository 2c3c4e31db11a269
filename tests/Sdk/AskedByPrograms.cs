using System.Diagnostics;
using System.Text;
using Crescent.Sdk;
using Microsoft.Extensions.AI;

namespace Crescent.Tests.Sdk;

/// <summary>What .NET programs ask of a factory with the embedded model, whatever way they go: through Microsoft.Extensions.AI's own pipeline.</summary>
internal static class AskedByPrograms
{
    private const string Source = "Experimental.Microsoft.Extensions.AI";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A question, whole and streamed, with usage; a tool that is called and answered; an answer of a form; a refusal; an end.</summary>
    public static async Task Works(IChatClient inner)
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == Source,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var chat = inner.AsBuilder().UseFunctionInvocation().UseOpenTelemetry().Build();
        Assert.Equal("crescent", chat.GetService<ChatClientMetadata>()!.ProviderName);

        var greedy = new ChatOptions { Temperature = 0, MaxOutputTokens = 60, ConversationId = "talk" };
        var whole = await chat.GetResponseAsync("What is 23 + 48?", greedy, Stop);
        Assert.Equal("23 + 48 = 71", whole.Text);
        Assert.Equal(ChatFinishReason.Stop, whole.FinishReason);
        Assert.True(whole.Usage is { InputTokenCount: > 5, OutputTokenCount: > 3 } usage && usage.TotalTokenCount == usage.InputTokenCount + usage.OutputTokenCount);
        Assert.True(whole.Usage.AdditionalCounts!["millijoules"] > 0);
        Assert.True(whole.GetCrescentUsage() is { Joules: > 0, DecodeSeconds: > 0, EnergySource: "model", Device.Length: > 0 });
        lock (spans)
        {
            Assert.Contains(spans, static span => span.OperationName.StartsWith("chat", StringComparison.Ordinal) && (string?)span.GetTagItem("gen_ai.provider.name") == "crescent");
        }

        var (text, updates) = (new StringBuilder(), 0);
        await foreach (var update in chat.GetStreamingResponseAsync("What is 23 + 48?", greedy, Stop))
        {
            text.Append(update.Text);
            updates++;
        }

        Assert.Equal("23 + 48 = 71", text.ToString());

        // How many tokens an update holds is a matter of how fast they are read.
        Assert.True(updates > 1);
        var stopped = await chat.GetResponseAsync(
            "What is 23 + 48?", new ChatOptions { Temperature = 0, MaxOutputTokens = 60, AdditionalProperties = new AdditionalPropertiesDictionary { ["stop"] = " =" } }, Stop);
        Assert.Equal("23 + 48", stopped.Text);
        await Calls(chat);
        var formed = await chat.GetResponseAsync<Verdict>("Is 2 + 3 = 5?", new ChatOptions { Temperature = 0, MaxOutputTokens = 60 }, cancellationToken: Stop);
        Assert.True(formed.TryGetResult(out _), formed.Text);
        await Assert.ThrowsAsync<CrescentException>(() => chat.GetResponseAsync("Hi", new ChatOptions { ModelId = "nobody" }, Stop));
        await Assert.ThrowsAsync<CrescentException>(() => chat.GetResponseAsync("Hi", new ChatOptions { MaxOutputTokens = 1_000_000 }, Stop));
        await Assert.ThrowsAsync<NotSupportedException>(() => chat.GetResponseAsync([new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])], null, Stop));
        using var left = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in chat.GetStreamingResponseAsync("Count to a thousand.", new ChatOptions { AdditionalProperties = [], MaxOutputTokens = 1500 }, left.Token))
            {
                await left.CancelAsync();
            }
        });
    }

    /// <summary>Embeddings: those of a text are its own, and of length 1.</summary>
    public static async Task Embeds(IEmbeddingGenerator<string, Embedding<float>> generator)
    {
        var made = await generator.GenerateAsync(["one apple", "two pears", "one apple"], cancellationToken: Stop);
        Assert.Equal(3, made.Count);
        Assert.Equal(made[0].Vector.ToArray(), made[2].Vector.ToArray());
        Assert.NotEqual(made[0].Vector.ToArray(), made[1].Vector.ToArray());
        Assert.Equal(1, made[1].Vector.ToArray().Sum(static value => value * value), 1e-3);
        Assert.True(made.Usage!.InputTokenCount > 5);
    }

    private static async Task Calls(IChatClient chat)
    {
        var asked = new List<string>();
        var weather = AIFunctionFactory.Create((string city) => Told(city), "weather", "The weather in a city.");
        var response = await chat.GetResponseAsync("What is the weather in Oslo?", new ChatOptions { Temperature = 0, MaxOutputTokens = 60, Tools = [weather], ToolMode = ChatToolMode.RequireAny }, Stop);
        Assert.Single(asked);
        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(static message => message.Role));
        Assert.Contains(response.Messages[0].Contents, static content => content is FunctionCallContent { Name: "weather" });

        string Told(string city)
        {
            asked.Add(city);
            return "rain";
        }
    }

    private sealed record Verdict(bool IsRight);
}
