using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Tests.Engine.Model.Text;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>How likely the embedded model finds a text, and where the tokens of an answer stand in it.</summary>
public sealed class EchoTests(SiloFixture silo)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tokens_of_the_prompt_come_with_their_logprobs()
    {
        var answer = await Post("""{"prompt":"The capital of Italy is","echo":true,"logprobs":2,"max_tokens":0}""");
        var choice = answer["choices"]![0]!;
        Assert.Equal("The capital of Italy is", (string?)choice["text"]);
        var logprobs = choice["logprobs"]!;
        var tokens = Tokenizers.Tiny.Encode("The capital of Italy is", parseSpecial: true);
        Assert.Equal(tokens.Length, logprobs["tokens"]!.AsArray().Count);
        Assert.Equal("The capital of Italy is", string.Concat(logprobs["tokens"]!.AsArray().Select(token => (string)token!)));
        Assert.Null(logprobs["token_logprobs"]![0]);
        Assert.Null(logprobs["top_logprobs"]![0]);
        Assert.Equal(0, (int)logprobs["text_offset"]![0]!);
        Assert.Equal((tokens.Length, 0), ((int)answer["usage"]!["prompt_tokens"]!, (int)answer["usage"]!["completion_tokens"]!));

        // What the model would write after a part of the prompt is as likely as what is said of it there.
        for (var at = 1; at < tokens.Length; at++)
        {
            var part = await Post(new JsonObject { ["prompt"] = new JsonArray([.. tokens[..at].Select(token => (JsonNode)token)]), ["logprobs"] = 2, ["max_tokens"] = 1, ["temperature"] = 0 }.ToJsonString());
            var likeliest = part["choices"]![0]!["logprobs"]!;
            Assert.Equal((double)likeliest["token_logprobs"]![0]!, logprobs["top_logprobs"]![at]!.AsObject().Max(entry => (double)entry.Value!), 1e-3);
        }
    }

    [Fact]
    public async Task What_follows_an_echo_is_what_would_follow_without()
    {
        var plain = (string)(await Post("""{"prompt":"What is 23 + 48?","max_tokens":9,"temperature":0}"""))["choices"]![0]!["text"]!;
        var echo = await Post("""{"prompt":["What is 23 + 48?","Hi <|im_end|> you"],"max_tokens":9,"temperature":0,"echo":true,"logprobs":0}""");
        Assert.Equal("What is 23 + 48?" + plain, (string?)echo["choices"]![0]!["text"]);
        Assert.StartsWith("Hi  you", (string?)echo["choices"]![1]!["text"], StringComparison.Ordinal);
        var bare = await Post("""{"prompt":"What is 23 + 48?","max_tokens":9,"temperature":0,"echo":true}""");
        Assert.Equal("What is 23 + 48?" + plain, (string?)bare["choices"]![0]!["text"]);
    }

    [Theory]
    [InlineData("false", "")]
    [InlineData("true", "Once")]
    public async Task Nothing_need_be_generated(string echo, string text)
    {
        var answer = await Post($$"""{"prompt":"Once","max_tokens":0,"echo":{{echo}}}""");
        Assert.Equal((text, "length"), ((string?)answer["choices"]![0]!["text"], (string?)answer["choices"]![0]!["finish_reason"]));
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Theory]
    [InlineData("\"stream\":true")]
    [InlineData("\"stop\":\"a\"")]
    [InlineData("\"guided_regex\":\"a\"")]
    public async Task What_an_echo_cannot_stand_beside_is_named(string other)
    {
        using var answer = await Send($$"""{"prompt":"Once","echo":true,"logprobs":1,{{other}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("echo", (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!["error"]!["param"]);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_token_that_goes_on_a_character_begins_where_that_does(string stream)
    {
        using var answer = await Send($$"""{"prompt":"Say:","max_tokens":40,"temperature":0,"logprobs":0,"guided_choice":["né😀ü z"],"stream":{{stream}}}""");
        var text = await answer.Content.ReadAsStringAsync(Stop);
        var parts = stream == "true"
            ? text.Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line[6..])!).ToList()
            : [JsonNode.Parse(text)!];
        var logprobs = parts.Select(part => part["choices"]![0]!["logprobs"]).OfType<JsonObject>().ToList();
        var tokens = logprobs.SelectMany(part => part["tokens"]!.AsArray()).Select(token => (string)token!).ToList();
        var offsets = logprobs.SelectMany(part => part["text_offset"]!.AsArray()).Select(offset => (int)offset!).ToList();
        Assert.True(tokens.Count > 6);
        Assert.Equal([0, 1], offsets[..2]);
        Assert.Equal(4, offsets[tokens.FindIndex(token => token.StartsWith(' '))]);
        Assert.Equal(offsets.Order(), offsets);
    }

    private async Task<JsonNode> Post(string body)
    {
        using var answer = await Send(body);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<HttpResponseMessage> Send(string body)
    {
        using var http = new HttpClient();
        return await http.PostAsync(await silo.Url() + "/v1/completions", new StringContent(body, Encoding.UTF8, "application/json"), Stop);
    }
}
