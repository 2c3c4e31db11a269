using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;
using Crescent.Tests.Silo.Identity;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Requests with an <c>Idempotency-Key</c>, over the port of a silo on the embedded model.</summary>
public sealed class IdempotencyTests(SiloFixture silo) : IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const string Story = """{"messages":[{"role":"user","content":"Tell me a story."}],"max_tokens":120,"ignore_eos":true,"temperature":1,"seed":5,"stream":true,"stream_options":{"include_usage":true}}""";

    private readonly TemporaryFolder _folder = new();
    private readonly string _key = $"key {Guid.NewGuid():n}";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_is_given_again_byte_for_byte_from_its_beginning_or_behind_the_last_event()
    {
        using var http = await Http();
        var plain = await Text(await Send(http, Chat, Story));
        Assert.DoesNotContain("id:", string.Concat(plain.Split('\n').Select(static l => l.Length > 3 ? l[..3] : l)), StringComparison.Ordinal);
        using var first = await Send(http, Chat, Story, _key);
        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        var text = await Text(first);
        Assert.Equal(Content(plain), Content(text));
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events.Index(), static e => Assert.StartsWith($"id: {e.Index + 1}\ndata: ", e.Item, StringComparison.Ordinal));
        Assert.EndsWith("data: [DONE]", events[^1], StringComparison.Ordinal);
        for (var after = 0; after <= events.Length; after += Math.Max(1, events.Length / 5))
        {
            using var again = await Send(http, Chat, Story, _key, after == 0 ? null : $"{after}");
            Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotent-Replayed")));
            Assert.Equal(string.Concat(events[after..].Select(static e => $"{e}\n\n")), await Text(again));
        }
    }

    [Fact]
    public async Task Behind_an_event_that_a_stream_never_had_there_is_an_error()
    {
        using var http = await Http();
        const string Body = """{"prompt":"Once","max_tokens":4,"ignore_eos":true,"temperature":0,"stream":true}""";
        var events = (await Text(await Send(http, "/v1/completions", Body, _key))).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Length;
        await Refused(400, "invalid_value", "Last-Event-ID", await Send(http, "/v1/completions", Body, _key, $"{events + 1}"));
        Assert.Equal("", await Text(await Send(http, "/v1/completions", Body, _key, $"{events}")));
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"Once","max_tokens":8,"n":3,"logprobs":2}""")]
    [InlineData("/v1/completions", """{"prompt":["One","Two"],"max_tokens":8,"echo":true,"logprobs":1}""")]
    [InlineData("/v1/completions", """{"prompt":"Once","max_tokens":0,"echo":true}""")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"What is 23 + 48?"}],"n":2,"stop":["7"]}""")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"Give me a user."}],"response_format":{"type":"json_schema","json_schema":{"name":"u","schema":{"type":"object","properties":{"name":{"type":"string","maxLength":9}},"required":["name"],"additionalProperties":false}}}}""")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"What is the weather?"}],"tool_choice":"required","tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":9}},"required":["city"]}}}]}""")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"What is the weather?"}],"stream":true,"tool_choice":"required","tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":9}},"required":["city"]}}}]}""")]
    public async Task An_answer_is_given_again_byte_for_byte(string path, string body)
    {
        using var http = await Http();
        using var first = await Send(http, path, body, _key);
        var text = await Text(first);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var again = await Send(http, path, body, _key);
        Assert.Equal(text, await Text(again));
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotent-Replayed")));
    }

    [Fact]
    public async Task A_reader_that_is_cut_off_goes_on_behind_the_last_event_that_it_saw()
    {
        using var http = await Http();
        var body = Story.Replace("\"max_tokens\":120", "\"max_tokens\":600", StringComparison.Ordinal);
        var expected = Content(await Text(await Send(http, Chat, body)));
        var seen = new StringBuilder();
        using (var first = await Send(http, Chat, body, _key))
        {
            using var reader = new StreamReader(await first.Content.ReadAsStreamAsync(Stop));
            for (var line = 0; line < 12; line++)
            {
                seen.Append(await reader.ReadLineAsync(Stop)).Append('\n');
            }
        }

        var last = seen.ToString().Split("\n\n")[..^1][^1].Split('\n')[0]["id: ".Length..];
        using var second = await Send(http, Chat, body, _key, last);
        Assert.Equal(expected, Content(seen.ToString()) + Content(await Text(second)));
    }

    [Fact]
    public async Task A_key_is_refused_for_another_request_and_where_it_is_none()
    {
        using var http = await Http();
        const string Body = """{"prompt":"Once","max_tokens":2}""";
        using var first = await Send(http, "/v1/completions", Body, _key);
        await Refused(422, "idempotency_key_reused", "Idempotency-Key", await Send(http, "/v1/completions", Body.Replace('2', '3'), _key));
        await Refused(422, "idempotency_key_reused", "Idempotency-Key", await Send(http, Chat, """{"messages":[]}""", _key));
        await Refused(410, "idempotency_key_expired", "Last-Event-ID", await Send(http, "/v1/completions", Body, $"{_key} 2", "7"));
        await Refused(400, "invalid_value", "Last-Event-ID", await Send(http, "/v1/completions", Body, _key, "seven"));
        await Refused(400, "invalid_value", "Idempotency-Key", await Send(http, "/v1/completions", Body, new string('k', 256)));
        await Refused(400, "invalid_value", "Idempotency-Key", await Send(http, "/v1/completions", Body, ""));
        using var longest = await Send(http, "/v1/completions", Body, Guid.NewGuid().ToString("n") + new string('~', 255 - 32));
        Assert.Equal(HttpStatusCode.OK, longest.StatusCode);

        // A request that is refused leaves its key to the next.
        await Refused(400, "missing_required_parameter", "prompt", await Send(http, "/v1/completions", "{}", $"{_key} 3"));
        using var right = await Send(http, "/v1/completions", Body, $"{_key} 3");
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Fact]
    public async Task Embeddings_are_made_anew_whatever_the_key()
    {
        using var http = await Http();
        foreach (var text in new[] { "one", "two" })
        {
            using var answer = await Send(http, "/v1/embeddings", $$"""{"input":"{{text}}"}""", _key);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Idempotent-Replayed"));
        }
    }

    [Fact]
    public async Task A_key_is_its_tenants_own_and_an_answer_that_is_given_again_is_not_billed_again()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        var acme = await TestKeys.Add(store, "a", "acme", KeyRole.User, new TenantTerms { RequestsPerMinute = 1, TokensPerMinute = 60 });
        var other = await TestKeys.Add(store, "b", "other", KeyRole.User);
        await using var own = new SiloFixture { With = [new(Settings.Auth.Key, "keys"), new(Settings.AuthKeys.Key, store.Path)] };
        using var http = new HttpClient { BaseAddress = new Uri(await own.Url()) };
        const string Body = """{"prompt":"Once","max_tokens":20,"ignore_eos":true}""";
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", acme);
        var first = await Text(await Send(http, "/v1/completions", Body, _key));
        string? left = null;
        for (var i = 0; i < 3; i++)
        {
            using var again = await Send(http, "/v1/completions", Body, _key);
            Assert.Equal(first, await Text(again));
            var now = again.Headers.GetValues("x-ratelimit-remaining-tokens").Single();
            Assert.True(left is null || long.Parse(now, null) >= long.Parse(left, null));
            left = now;
        }

        // What it took was charged; a second a token flows back.
        Assert.InRange(long.Parse(left!, null), 1, 59);
        await Refused(429, "rate_limit_exceeded", null, await Send(http, "/v1/completions", Body, "another key"));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", other);
        using var others = await Send(http, "/v1/completions", Body, _key);
        Assert.False(others.Headers.Contains("Idempotent-Replayed"));
        Assert.NotEqual(first, await Text(others));
    }

    [Fact]
    public async Task An_answer_is_let_go_when_its_time_is_over()
    {
        await using var own = new SiloFixture { With = [new(Settings.KeptSeconds.Key, "0"), new(Settings.CorsOrigins.Key, "https://app.example")] };
        using var http = new HttpClient { BaseAddress = new Uri(await own.Url()) };
        http.DefaultRequestHeaders.Add("Origin", "https://app.example");
        const string Body = """{"prompt":"Once","max_tokens":2,"stream":true}""";
        using var first = await Send(http, "/v1/completions", Body, _key);
        await Text(first);
        Assert.Contains("Idempotent-Replayed", first.Headers.GetValues("Access-Control-Expose-Headers").Single(), StringComparison.Ordinal);
        await Crescent.Tests.Grains.FactoryCluster.UntilAsync(
            async () => (await Send(http, "/v1/completions", Body, _key, "1")).StatusCode == HttpStatusCode.Gone, "the answer is gone");
        using var anew = await Send(http, "/v1/completions", Body, _key);
        Assert.False(anew.Headers.Contains("Idempotent-Replayed"));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The text of all events.</summary>
    internal static string Content(string events) => string.Concat(events.Split('\n')
        .Where(static line => line.StartsWith("data: {", StringComparison.Ordinal))
        .SelectMany(static line => JsonNode.Parse(line["data: ".Length..])!["choices"]!.AsArray())
        .Select(static choice => (string?)choice!["delta"]?["content"]));

    internal static async Task<HttpResponseMessage> Send(HttpClient http, string path, string body, string? key = null, string? last = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        if (last is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        }

        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
    }

    internal static Task<string> Text(HttpResponseMessage answer) => answer.Content.ReadAsStringAsync(Stop);

    private static async Task Refused(int status, string code, string? parameter, HttpResponseMessage answer)
    {
        using (answer)
        {
            var error = (await TestFront.Json(answer))["error"]!;
            Assert.Equal((status, code, parameter), ((int)answer.StatusCode, (string?)error["code"], (string?)error["param"]));
        }
    }

    private async Task<HttpClient> Http() => new() { BaseAddress = new Uri(await silo.Url()) };
}
