using System.ClientModel;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;

namespace Crescent.Tests.Silo.Api.Agents;

/// <summary>Models with a strategy before their name, through the official OpenAI client and as plain HTTP.</summary>
public sealed class AgentChatTests(SiloFixture silo)
{
    private const string Problem = "Tom has 12 apples. He buys 3 bags with 4 apples each. How many apples does Tom have now?";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_OpenAI_client_has_the_answer_of_a_vote_with_the_bill_of_all_samples()
    {
        var chat = await Chat("agent:self-consistency:4/crescent-tiny");
#pragma warning disable OPENAI001 // The seed is marked as experimental by the client.
        var answer = (await chat.CompleteChatAsync([new UserChatMessage(Problem)], new ChatCompletionOptions { MaxOutputTokenCount = 160, Temperature = 0.8f, Seed = 7, EndUserId = "alice" }, Stop)).Value;
#pragma warning restore OPENAI001
        Assert.Equal("24", Assert.Single(answer.Content).Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal("agent:self-consistency:4/crescent-tiny", answer.Model);

        // Three samples at the least were paid for, each with its prompt.
        Assert.True(answer.Usage.InputTokenCount > 3 * 30, $"{answer.Usage.InputTokenCount} prompt tokens");
        Assert.True(answer.Usage.OutputTokenCount > 3 * 10, $"{answer.Usage.OutputTokenCount} output tokens");
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task A_stream_opens_with_the_role_and_ends_with_the_answer_the_reason_and_the_usage()
    {
        var text = new StringBuilder();
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (var update in (await Chat("agent:chain-of-thought/crescent-tiny")).CompleteChatStreamingAsync(
            [new SystemChatMessage("You are Crescent, a helpful assistant."), new UserChatMessage(Problem)], new ChatCompletionOptions { MaxOutputTokenCount = 160 }, Stop))
        {
            updates.Add(update);
            text.Append(string.Concat(update.ContentUpdate.Select(static part => part.Text)));
        }

        Assert.Equal("24", text.ToString());
        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Single(updates, static update => update.FinishReason == ChatFinishReason.Stop);
        Assert.True(updates[^1].Usage.OutputTokenCount > 0);
    }

    [Fact]
    public async Task Each_step_that_has_finished_is_a_line_of_reasoning()
    {
        var events = (await Text("""{"model":"agent:self-consistency:3","messages":[{"role":"user","content":"PROBLEM"}],"max_tokens":160,"seed":7,"stream":true}"""))
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(static part => part.StartsWith("data: {", StringComparison.Ordinal)).Select(static part => JsonNode.Parse(part[6..])!).ToArray();
        var lines = events.Select(static json => (string?)json["choices"]![0]!["delta"]!["reasoning_content"]).OfType<string>().ToArray();
        Assert.InRange(lines.Length, 3, 4);
        Assert.All(lines, static line => Assert.EndsWith("\n", line, StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.Contains("24", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_whole_answer_names_its_task_and_what_was_said_before_is_context()
    {
        var json = JsonNode.Parse(await Text("""
            {"model":"agent:direct","messages":[{"role":"user","content":"What is 2 + 3?"},{"role":"assistant","content":"2 + 3 = 5"},{"role":"user","content":"What is 23 + 48?"}],
             "priority":"batch","deadline_seconds":60,"max_tokens":40}
            """))!;
        var id = (string)json["crescent"]!["task"]!;
        Assert.Equal((string)json["id"]!, id);
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var task = JsonNode.Parse(await http.GetStringAsync(new Uri($"/v1/agents/{id}", UriKind.Relative), Stop))!;
        Assert.Equal("direct", (string)task["strategy"]!);
        Assert.Contains("User: What is 2 + 3?\n\nAssistant: 2 + 3 = 5\n\n", (string)task["problem"]!, StringComparison.Ordinal);
        Assert.EndsWith("What is 23 + 48?", (string)task["problem"]!, StringComparison.Ordinal);
        Assert.Equal((long)task["bill"]!["output_tokens"]!, (long)json["usage"]!["completion_tokens"]!);
    }

    [Theory]
    [InlineData("\"n\":2", "n")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"stop\":[\"x\"]", "stop")]
    [InlineData("\"top_p\":0.5", "top_p")]
    [InlineData("\"guided_regex\":\"a+\"", "guided_regex")]
    [InlineData("\"colour\":\"red\"", "colour")]
    [InlineData("\"temperature\":3", "temperature")]
    [InlineData("\"temperature\":0.5", "temperature")]
    [InlineData("\"session_id\":\"s\"", "session_id")]
    [InlineData("\"max_tokens\":0", "max_tokens")]
    public async Task A_field_that_a_task_does_not_obey_is_refused_by_name(string field, string name)
    {
        using var answer = await Post($$"""{"model":"agent:direct/crescent-tiny","messages":[{"role":"user","content":"Hello"}],{{field}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(name, (string)(await TestFront.Json(answer))["error"]!["param"]!);
    }

    [Theory]
    [InlineData("agent:luck/crescent-tiny", HttpStatusCode.NotFound, "self-consistency")]
    [InlineData("agent:direct/nothing", HttpStatusCode.NotFound, "nothing")]
    [InlineData("agent:self-consistency:0/crescent-tiny", HttpStatusCode.BadRequest, "1 to 128")]
    [InlineData("agent:self-consistency:many", HttpStatusCode.BadRequest, "1 to 128")]
    public async Task A_name_that_means_nothing_says_what_there_is(string model, HttpStatusCode status, string said)
    {
        using var answer = await Post($$"""{"model":"{{model}}","messages":[{"role":"user","content":"Hello"}]}""");
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(said, (string)(await TestFront.Json(answer))["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_client_leaves_its_task_is_cancelled()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var left = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        string id;
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions"))
        {
            request.Content = new StringContent(
                """{"model":"agent:self-consistency:128","messages":[{"role":"user","content":"Tell me a story about a fox."}],"max_tokens":1500,"stream":true}""", Encoding.UTF8, "application/json");
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, left.Token);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(left.Token));
            id = (string)JsonNode.Parse((await reader.ReadLineAsync(left.Token))!["data: ".Length..])!["id"]!;
            await left.CancelAsync();
        }

        var state = "";
        for (var i = 0; state != "cancelled"; i++)
        {
            Assert.True(i < 600, state);
            await Task.Delay(100, Stop);
            state = (string)JsonNode.Parse(await http.GetStringAsync(new Uri($"/v1/agents/{id}", UriKind.Relative), Stop))!["state"]!;
        }
    }

    [Fact]
    public async Task The_same_key_gives_the_answer_of_the_same_task()
    {
        var ids = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            using var answer = await Post("""{"model":"agent:direct","messages":[{"role":"user","content":"What is 23 + 48?"}]}""", "chat-agent-key");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            ids.Add((string)(await TestFront.Json(answer))["id"]!);
        }

        Assert.Equal(ids[0], ids[1]);
    }

    private async Task<ChatClient> Chat(string model) => new(model, new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(await silo.Url() + "/v1") });

    private async Task<string> Text(string body)
    {
        using var answer = await Post(body.Replace("PROBLEM", Problem, StringComparison.Ordinal));
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    private async Task<HttpResponseMessage> Post(string body, string? key = null)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await http.SendAsync(request, Stop);
    }
}
