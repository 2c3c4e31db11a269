using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>The official client against a real silo with the embedded model.</summary>
public sealed class OpenAiClientTests(SiloFixture silo)
{
    private const string Model = "crescent-tiny";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chat_is_answered()
    {
        var answer = (await (await Chat()).CompleteChatAsync([new UserChatMessage("What is 23 + 48?")], Greedy(), Stop)).Value;
        Assert.Equal("23 + 48 = 71", Assert.Single(answer.Content).Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(ChatMessageRole.Assistant, answer.Role);
        Assert.Equal(Model, answer.Model);
        Assert.StartsWith("chatcmpl-", answer.Id, StringComparison.Ordinal);
        Assert.InRange(answer.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.InRange(answer.Usage.InputTokenCount, 10, 40);
        Assert.InRange(answer.Usage.OutputTokenCount, 8, 16);
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task A_chat_is_streamed_with_its_usage_at_the_end()
    {
        var text = new StringBuilder();
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (var update in (await Chat()).CompleteChatStreamingAsync([new UserChatMessage("Tell me a story about a fox.")], Greedy(), Stop))
        {
            updates.Add(update);
            text.Append(string.Concat(update.ContentUpdate.Select(p => p.Text)));
        }

        Assert.True(text.Length > 100, text.ToString());
        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Single(updates, u => u.FinishReason == ChatFinishReason.Stop);
        Assert.Single(updates, u => u.Usage is not null);
        Assert.NotNull(updates[^1].Usage);
        Assert.True(updates.Count(u => u.ContentUpdate.Count > 0) > 2, "the text came in one piece");
    }

    [Fact]
    public async Task A_system_message_and_a_history_are_taken()
    {
        var answer = (await (await Chat()).CompleteChatAsync(
            [
                new SystemChatMessage("You are Crescent, a helpful assistant."),
                new UserChatMessage("What is 2 + 3?"),
                new AssistantChatMessage("2 + 3 = 5"),
                new UserChatMessage(ChatMessageContentPart.CreateTextPart("What is 23 + 48?")),
            ],
            Greedy(),
            Stop)).Value;
        Assert.Contains("71", answer.Content[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_ends_an_answer_with_length()
    {
        var options = Greedy();
        options.MaxOutputTokenCount = 3;
        var answer = (await (await Chat()).CompleteChatAsync([new UserChatMessage("Tell me a story about a fox.")], options, Stop)).Value;
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(3, answer.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task A_stop_string_ends_an_answer_before_it()
    {
        var options = Greedy();
        options.StopSequences.Add(" =");
        var answer = (await (await Chat()).CompleteChatAsync([new UserChatMessage("What is 23 + 48?")], options, Stop)).Value;
        Assert.Equal("23 + 48", answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_answer_and_another_another()
    {
        var chat = await Chat();
        var answers = new List<string>();
        foreach (var seed in new[] { 1, 1, 2 })
        {
#pragma warning disable OPENAI001 // the seed is marked as a preview in the client
            var options = new ChatCompletionOptions { Temperature = 1.5f, Seed = seed, MaxOutputTokenCount = 60 };
#pragma warning restore OPENAI001
            answers.Add((await chat.CompleteChatAsync([new UserChatMessage("Tell me a story about a fox.")], options, Stop)).Value.Content[0].Text);
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.NotEqual(answers[0], answers[2]);
    }

    [Fact]
    public async Task The_model_is_listed()
    {
        var client = (await Client()).GetOpenAIModelClient();
        Assert.Equal(Model, Assert.Single((await client.GetModelsAsync(Stop)).Value).Id);
        Assert.Equal("crescent", (await client.GetModelAsync(Model, Stop)).Value.OwnedBy);
    }

    [Fact]
    public async Task Errors_reach_the_client_with_their_status_and_words()
    {
        var client = await Client();
        var unknown = await Assert.ThrowsAsync<ClientResultException>(
            () => client.GetChatClient("gpt-9").CompleteChatAsync([new UserChatMessage("Hello")], cancellationToken: Stop));
        Assert.Equal(404, unknown.Status);
        Assert.Contains("model_not_found", unknown.Message, StringComparison.Ordinal);

        var options = new ChatCompletionOptions { Temperature = 3 };
        var wrong = await Assert.ThrowsAsync<ClientResultException>(
            () => client.GetChatClient(Model).CompleteChatAsync([new UserChatMessage("Hello")], options, Stop));
        Assert.Equal(400, wrong.Status);
        Assert.Contains("temperature", wrong.Message, StringComparison.Ordinal);

        var image = ChatMessageContentPart.CreateImagePart(new Uri("https://example.com/a.png"));
        var picture = await Assert.ThrowsAsync<ClientResultException>(
            () => client.GetChatClient(Model).CompleteChatAsync([new UserChatMessage(image)], cancellationToken: Stop));
        Assert.Equal(400, picture.Status);
        Assert.Contains("messages[0].content[0].type", picture.Message, StringComparison.Ordinal);

        var overflow = await Assert.ThrowsAsync<ClientResultException>(
            () => client.GetChatClient(Model).CompleteChatAsync([new UserChatMessage(string.Concat(Enumerable.Repeat("one two three ", 1000)))], cancellationToken: Stop));
        Assert.Equal(400, overflow.Status);
        Assert.Contains("context_length_exceeded", overflow.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Once upon a time\"", 1)]
    [InlineData("""["Once upon a time","What is"]""", 2)]
    [InlineData("[100,200,300]", 1)]
    [InlineData("[[100,200],[300],[400]]", 3)]
    public async Task Every_form_of_a_prompt_is_completed(string prompt, int choices)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var content = new StringContent($$"""{"model":"{{Model}}","prompt":{{prompt}},"max_tokens":5,"temperature":0}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/completions", content, Stop);
        var json = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!;
        Assert.True(answer.IsSuccessStatusCode, json.ToJsonString());
        Assert.Equal(choices, json["choices"]!.AsArray().Count);
        Assert.Equal(Enumerable.Range(0, choices), json["choices"]!.AsArray().Select(c => (int)c!["index"]!));
        Assert.InRange((int)json["usage"]!["completion_tokens"]!, choices, 5 * choices);
        Assert.StartsWith("local/", (string)json["usage"]!["crescent"]!["device"]!, StringComparison.Ordinal);
        Assert.True((double)json["usage"]!["crescent"]!["joules"]! > 0);
    }

    [Fact]
    public async Task A_completion_goes_on_with_the_text()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var answer = await http.PostAsJsonAsync(
            "/v1/completions", new { prompt = "<|im_start|>user\nWhat is 23 + 48?<|im_end|>\n<|im_start|>assistant\n23 +", temperature = 0 }, Stop);
        var json = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!;
        Assert.Equal(" 48 = 71", (string?)json["choices"]![0]!["text"]);
        Assert.Equal("stop", (string?)json["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task A_cancelled_stream_leaves_its_device()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 1900, Temperature = 2 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in (await Chat()).CompleteChatStreamingAsync([new UserChatMessage("Tell me a story about a fox.")], options, cancel.Token))
            {
                if (update.ContentUpdate.Count > 0)
                {
                    await cancel.CancelAsync();
                }
            }
        });
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var factory = await http.GetFromJsonAsync<JsonObject>("/v1/factory", deadline.Token);
            var device = factory!["devices"]![0]!;
            if ((int)device["running"]! + (int)device["waiting"]! + (int)device["reserved"]! == 0)
            {
                return;
            }

            await Task.Delay(20, deadline.Token);
        }
    }

    [Fact]
    public async Task The_factory_shows_the_silo_and_its_device()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var factory = (await http.GetFromJsonAsync<JsonObject>("/v1/factory", Stop))!;
        Assert.Equal("all", (string?)Assert.Single(factory["silos"]!.AsArray())!["role"]);
        var device = Assert.Single(factory["devices"]!.AsArray())!;
        Assert.Equal("cpu", (string?)device["device"]);
        Assert.Equal(512, (int?)device["total_blocks"]);
        Assert.False((bool)device["simulated"]!);
        Assert.Equal("ok", (string?)(await http.GetFromJsonAsync<JsonObject>("/health", Stop))!["status"]);
        Assert.Equal("Crescent", (string?)(await http.GetFromJsonAsync<JsonObject>("/version", Stop))!["name"]);
    }

    private static ChatCompletionOptions Greedy() => new() { Temperature = 0 };

    private async Task<ChatClient> Chat() => (await Client()).GetChatClient(Model);

    private async Task<OpenAIClient> Client() => new(
        new ApiKeyCredential("none"),
        new OpenAIClientOptions { Endpoint = new Uri($"{await silo.Url()}/v1"), RetryPolicy = new ClientRetryPolicy(0) });
}
