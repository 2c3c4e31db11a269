using System.Text;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Api;

/// <summary>One talk in each dialect against a real silo: the same prompts, the same answers, the same hits in the prefix cache.</summary>
public sealed class DialectTalkTests(SiloFixture silo)
{
    private const string Schema = """{"type":"object","properties":{"city":{"enum":["Oslo","Rome"]}},"required":["city"],"additionalProperties":false}""";
    private const string About = "The weather in a city.";

    private static readonly string System = "You are Crescent, a helpful assistant. " + string.Concat(Enumerable.Range(1, 40).Select(static n => $"Rule {n}: be brief and kind. "));
    private static readonly string[] Questions = ["What is 23 + 48?", "What is 2 + 3?", "What is the weather in Oslo?", .. Enumerable.Range(4, 17).Select(static n => $"What is {n} + {n}?")];

    [Fact]
    public async Task A_talk_with_tools_has_the_same_turns_and_the_same_cached_tokens_in_each_dialect()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var chat = await Talk(http, new Chat());
        Assert.Equal(Questions.Length, chat.Count);
        Assert.Equal(0, chat[0].Cached);
        Assert.All(chat.Skip(1), static turn => Assert.True(turn.Cached > 300, $"{turn}"));
        Assert.Equal(chat, await Talk(http, new Messages()));
        Assert.Equal(chat, await Talk(http, new Responses()));
    }

    private static async Task<List<Turn>> Talk(HttpClient http, Dialect dialect)
    {
        // Of one's own: nobody has left anything in the caches for it.
        dialect.Common["cache_salt"] = Guid.NewGuid().ToString();
        dialect.Common["temperature"] = 0;
        var turns = new List<Turn>();
        foreach (var question in Questions)
        {
            using var answer = await http.PostAsync(dialect.Path, new StringContent(dialect.Ask(question).ToJsonString(), Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode, body);
            turns.Add(dialect.Take(JsonNode.Parse(body)!));
        }

        return turns;
    }

    /// <summary>What a turn came to.</summary>
    private sealed record Turn(string Text, string Calls, int Prompt, int Cached);

    private abstract class Dialect(string path)
    {
        public string Path => path;

        public JsonObject Common { get; } = [];

        public abstract JsonObject Ask(string question);

        public abstract Turn Take(JsonNode answer);

        protected JsonObject Body() => (JsonObject)Common.DeepClone();
    }

    private sealed class Chat() : Dialect("/v1/chat/completions")
    {
        private readonly JsonArray _messages = [new JsonObject { ["role"] = "system", ["content"] = System }];

        public override JsonObject Ask(string question)
        {
            _messages.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = question });
            var body = Body();
            body["max_tokens"] = 80;
            body["messages"] = _messages.DeepClone();
            body["tools"] = new JsonArray(new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = "weather", ["description"] = About, ["parameters"] = JsonNode.Parse(Schema) } });
            return body;
        }

        public override Turn Take(JsonNode answer)
        {
            var message = answer["choices"]![0]!["message"]!;
            _messages.Add(message.DeepClone());
            var calls = message["tool_calls"]?.AsArray() ?? [];
            foreach (var call in calls)
            {
                _messages.Add((JsonNode)new JsonObject { ["role"] = "tool", ["tool_call_id"] = (string)call!["id"]!, ["content"] = "rain" });
            }

            return new Turn(
                (string?)message["content"] ?? "",
                string.Join(';', calls.Select(static call => JsonNode.Parse((string)call!["function"]!["arguments"]!)!.ToJsonString())),
                (int)answer["usage"]!["prompt_tokens"]!,
                (int)answer["usage"]!["prompt_tokens_details"]!["cached_tokens"]!);
        }
    }

    private sealed class Messages() : Dialect("/v1/messages")
    {
        private readonly JsonArray _messages = [];
        private JsonArray _results = [];

        public override JsonObject Ask(string question)
        {
            _results.Add((JsonNode)new JsonObject { ["type"] = "text", ["text"] = question });
            _messages.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = _results });
            _results = [];
            var body = Body();
            body["max_tokens"] = 80;
            body["system"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = System });
            body["messages"] = _messages.DeepClone();
            body["tools"] = new JsonArray(new JsonObject { ["name"] = "weather", ["description"] = About, ["input_schema"] = JsonNode.Parse(Schema) });
            return body;
        }

        public override Turn Take(JsonNode answer)
        {
            var content = answer["content"]!.AsArray();
            _messages.Add((JsonNode)new JsonObject { ["role"] = "assistant", ["content"] = content.DeepClone() });
            var calls = content.Where(static block => (string?)block!["type"] == "tool_use").ToList();
            foreach (var call in calls)
            {
                _results.Add((JsonNode)new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = (string)call!["id"]!, ["content"] = "rain" });
            }

            var (read, cached) = ((int)answer["usage"]!["input_tokens"]!, (int)answer["usage"]!["cache_read_input_tokens"]!);
            return new Turn(
                string.Concat(content.Select(static block => (string?)block!["text"])), string.Join(';', calls.Select(static call => call!["input"]!.ToJsonString())), read + cached, cached);
        }
    }

    private sealed class Responses() : Dialect("/v1/responses")
    {
        private string? _previous;
        private JsonArray _input = [];

        public override JsonObject Ask(string question)
        {
            _input.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = question });
            var body = Body();
            body["max_output_tokens"] = 80;
            body["instructions"] = System;
            body["previous_response_id"] = _previous;
            body["input"] = _input;
            body["tools"] = new JsonArray(new JsonObject { ["type"] = "function", ["name"] = "weather", ["description"] = About, ["parameters"] = JsonNode.Parse(Schema) });
            _input = [];
            return body;
        }

        public override Turn Take(JsonNode answer)
        {
            _previous = (string)answer["id"]!;
            var calls = answer["output"]!.AsArray().Where(static item => (string?)item!["type"] == "function_call").ToList();
            foreach (var call in calls)
            {
                _input.Add((JsonNode)new JsonObject { ["type"] = "function_call_output", ["call_id"] = (string)call!["call_id"]!, ["output"] = "rain" });
            }

            return new Turn(
                string.Concat(answer["output"]!.AsArray().Where(static item => (string?)item!["type"] == "message").Select(static item => (string?)item!["content"]![0]!["text"])),
                string.Join(';', calls.Select(static call => JsonNode.Parse((string)call!["arguments"]!)!.ToJsonString())),
                (int)answer["usage"]!["input_tokens"]!,
                (int)answer["usage"]!["input_tokens_details"]!["cached_tokens"]!);
        }
    }
}
