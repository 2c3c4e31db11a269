using System.Net;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Every wrong request gets OpenAI's error object, which names what is wrong.</summary>
public sealed class RequestErrorTests(RequestErrorTests.Front front) : IClassFixture<RequestErrorTests.Front>
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";
    private const string Hello = """[{"role":"user","content":"Hello"}]""";

    private readonly TestFront _front = front.Shared;

    [Theory]
    [InlineData("""{}""", "messages", "missing_required_parameter")]
    [InlineData("""{"messages":null}""", "messages", "missing_required_parameter")]
    [InlineData("""{"messages":"Hello"}""", "messages", "invalid_type")]
    [InlineData("""{"messages":[]}""", "messages", "invalid_value")]
    [InlineData("""{"messages":["Hello"]}""", "messages[0]", "invalid_type")]
    [InlineData("""{"messages":[{"content":"Hello"}]}""", "messages[0].role", "missing_required_parameter")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"boss","content":"b"}]}""", "messages[1].role", "invalid_value")]
    [InlineData("""{"messages":[{"role":7,"content":"Hello"}]}""", "messages[0].role", "invalid_type")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content", "missing_required_parameter")]
    [InlineData("""{"messages":[{"role":"user","content":7}]}""", "messages[0].content", "invalid_type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}""", "messages[0].content[0].type", "missing_required_parameter")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text", "missing_required_parameter")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:"}}]}]}""", "messages[0].content[1].type", "unsupported_value")]
    [InlineData("""{"messages":[{"role":"assistant","content":"a","tool_calls":{}}]}""", "messages[0].tool_calls", "invalid_type")]
    public async Task Wrong_messages_are_named_by_their_path(string body, string parameter, string code)
    {
        await Refused(Chat, body, parameter, code);
    }

    [Theory]
    [InlineData("temperature", "2.1", "invalid_value")]
    [InlineData("temperature", "-0.1", "invalid_value")]
    [InlineData("temperature", "1e400", "invalid_value")]
    [InlineData("temperature", "\"hot\"", "invalid_type")]
    [InlineData("top_p", "1.01", "invalid_value")]
    [InlineData("top_p", "[]", "invalid_type")]
    [InlineData("top_k", "-2", "invalid_value")]
    [InlineData("min_p", "2", "invalid_value")]
    [InlineData("frequency_penalty", "2.5", "invalid_value")]
    [InlineData("presence_penalty", "\"a\"", "invalid_type")]
    [InlineData("repetition_penalty", "0", "invalid_value")]
    [InlineData("logit_bias", "[]", "invalid_type")]
    [InlineData("logit_bias", """{"2048":1}""", "invalid_value")]
    [InlineData("logit_bias", """{"7":101}""", "invalid_value", "logit_bias.7")]
    [InlineData("seed", "1.5", "invalid_value")]
    [InlineData("seed", "\"1\"", "invalid_type")]
    [InlineData("max_tokens", "0", "invalid_value")]
    [InlineData("max_tokens", "99999999999", "invalid_value")]
    [InlineData("max_completion_tokens", "-1", "invalid_value")]
    [InlineData("max_completion_tokens", "true", "invalid_type")]
    [InlineData("n", "129", "invalid_value")]
    [InlineData("n", "0", "invalid_value")]
    [InlineData("stop", "7", "invalid_type")]
    [InlineData("stop", """["a",7]""", "invalid_type", "stop[1]")]
    [InlineData("stop", """["a","b","c","d","e"]""", "invalid_value")]
    [InlineData("stop", "\"\"", "invalid_value")]
    [InlineData("stream", "\"yes\"", "invalid_type")]
    [InlineData("stream_options", """{"include_usage":true}""", "invalid_value")]
    [InlineData("model", "7", "invalid_type")]
    [InlineData("top_logprobs", "3", "invalid_value")]
    [InlineData("stop_token_ids", "[99999]", "invalid_value")]
    [InlineData("priority", "\"urgent\"", "invalid_value")]
    [InlineData("deadline_seconds", "0", "invalid_value")]
    [InlineData("session_id", "\"\"", "invalid_value")]
    [InlineData("session_id", "7", "invalid_type")]
    [InlineData("program", "\"\"", "invalid_value")]
    [InlineData("program", "7", "invalid_type")]
    [InlineData("program", """{"id":7}""", "invalid_type", "program.id")]
    [InlineData("program", """{"id":"a","parent":""}""", "invalid_value", "program.parent")]
    [InlineData("program", """{"id":"a","critical":"yes"}""", "invalid_type", "program.critical")]
    [InlineData("tool_choice", "\"required\"", "invalid_value")]
    [InlineData("tools", "3", "invalid_type")]
    [InlineData("tools", """[{"type":"function","function":{"name":"a\"b"}}]""", "invalid_value", "tools[0].function.name")]
    [InlineData("tools", """[{"type":"function","function":{"name":"</tool_call>"}}]""", "invalid_value", "tools[0].function.name")]
    [InlineData("tools", """[{"type":"function","function":{"name":"é"}}]""", "invalid_value", "tools[0].function.name")]
    [InlineData("tools", """[{"type":"function","function":{"name":"a23456789_123456789_123456789_123456789_123456789_123456789_12345"}}]""", "invalid_value", "tools[0].function.name")]
    [InlineData("tools", """[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]""", "invalid_value", "tools[1].function.name")]
    [InlineData("guided_choice", "[]", "invalid_value")]
    [InlineData("guided_choice", "[1]", "invalid_type")]
    [InlineData("guided_choice", "\"a\"", "invalid_type")]
    [InlineData("max_tokens", """9,"max_completion_tokens":2""", "invalid_value")]
    [InlineData("max_tokens", """4,"min_tokens":5""", "invalid_value", "min_tokens")]
    [InlineData("max_tokens", "1.5", "invalid_value")]
    [InlineData("min_tokens", "5000", "invalid_value")]
    public async Task A_wrong_field_is_named(string field, string value, string code, string? parameter = null)
    {
        await Refused(Chat, $$"""{"messages":{{Hello}},"{{field}}":{{value}}}""", parameter ?? field, code);
    }

    [Fact]
    public async Task A_session_with_too_long_a_name_is_refused()
    {
        await Refused(Chat, $$"""{"messages":{{Hello}},"session_id":"{{new string('x', 257)}}"}""", "session_id", "invalid_value");
        await Refused(Text, $$"""{"prompt":"a","session_id":"{{new string('x', 257)}}"}""", "session_id", "invalid_value");
        await Refused(Text, $$"""{"prompt":"a","program":"{{new string('x', 257)}}"}""", "program", "invalid_value");
    }

    [Fact]
    public async Task What_each_answer_takes_with_it_has_a_length()
    {
        var long1 = new string('x', 1025);
        await Refused(Chat, $$"""{"messages":{{Hello}},"stop":["a","{{long1}}"]}""", "stop", "invalid_value");
        await Refused(Text, $$"""{"prompt":"a","stop":"{{long1}}"}""", "stop", "invalid_value");
        await Refused(Text, $$"""{"prompt":"a","cache_salt":"{{new string('x', 257)}}"}""", "cache_salt", "invalid_value");
        await Refused(Text, $$"""{"prompt":"a","logit_bias":{{{string.Join(',', Enumerable.Range(0, 301).Select(static token => $"\"{token}\":1"))}}} }""", "logit_bias", "invalid_value");
        await Refused(Text, $$"""{"prompt":"a","stop_token_ids":[{{string.Join(',', Enumerable.Range(0, 65))}}]}""", "stop_token_ids", "invalid_value");
    }

    [Theory]
    [InlineData("""{}""", "prompt", "missing_required_parameter")]
    [InlineData("""{"prompt":7}""", "prompt", "invalid_type")]
    [InlineData("""{"prompt":[]}""", "prompt", "invalid_value")]
    [InlineData("""{"prompt":""}""", "prompt", "invalid_value")]
    [InlineData("""{"prompt":["a",7]}""", "prompt[1]", "invalid_type")]
    [InlineData("""{"prompt":[1,"a"]}""", "prompt[1]", "invalid_type")]
    [InlineData("""{"prompt":[1,2048]}""", "prompt[1]", "invalid_value")]
    [InlineData("""{"prompt":[[1],[-1]]}""", "prompt[1][0]", "invalid_value")]
    [InlineData("""{"prompt":[[1],[]]}""", "prompt[1]", "invalid_value")]
    [InlineData("""{"prompt":"a","best_of":1,"n":2}""", "best_of", "invalid_value")]
    public async Task A_wrong_prompt_is_named(string body, string parameter, string code)
    {
        await Refused(Text, body, parameter, code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"messages":[]} and more""")]
    [InlineData("""{"stream":true,"stream":false}""")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud83d"}]}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task A_body_that_is_no_JSON_object_is_refused(string body)
    {
        await Refused(Chat, body, null, "invalid_json");
    }

    [Fact]
    public async Task Deep_nesting_is_refused()
    {
        await Refused(Chat, new string('[', 10_000), null, "invalid_json");
    }

    [Fact]
    public async Task A_body_that_is_not_said_to_be_JSON_is_refused()
    {
        using var answer = await _front.Post(Chat, $$"""{"messages":{{Hello}}}""", "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Contains("application/json", (string?)error["message"], StringComparison.Ordinal);
        Assert.Equal("unsupported_media_type", (string?)error["code"]);
    }

    [Theory]
    [InlineData("application/json; charset=utf-16", null, "utf-16")]
    [InlineData("application/json", "gzip", "gzip")]
    [InlineData("application/json; charset=UTF-8", null, null)]
    [InlineData("application/json; charset=\"utf-8\"", "identity", null)]
    public async Task A_body_in_another_form_is_refused_by_its_name(string type, string? encoding, string? named)
    {
        using var content = new StringContent("""{"prompt":"a"}""");
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var answer = await _front.Http.PostAsync(Text, content, TestContext.Current.CancellationToken);
        Assert.Equal(named is null ? HttpStatusCode.OK : HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        if (named is not null)
        {
            var error = (await TestFront.Json(answer))["error"]!;
            Assert.Equal("unsupported_media_type", (string?)error["code"]);
            Assert.Contains(named, (string?)error["message"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"prompt":"a",}""", "line 1 at byte 15")]
    [InlineData("/* a */{}", "line 1 at byte 1")]
    [InlineData("{\n\"prompt\":x}", "line 2 at byte 10")]
    public async Task Where_a_body_is_no_JSON_is_told_in_plain_words(string body, string place)
    {
        using var answer = await _front.Post(Text, body);
        var message = (string)(await TestFront.Json(answer))["error"]!["message"]!;
        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.DoesNotContain("reader options", message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_too_many_tools_the_number_is_told()
    {
        string Tools(int count) => string.Join(',', Enumerable.Range(0, count).Select(static i => $$"""{"type":"function","function":{"name":"f{{i}}"} }"""));
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"), new HttpOptions { MaxBodyBytes = 1 << 20 });
        using var few = await front.Post(Chat, $$"""{"messages":{{Hello}},"tools":[{{Tools(200)}}]}""");

        // Taken, were the context of the model not so short.
        Assert.Equal("context_length_exceeded", (string?)(await TestFront.Json(few))["error"]!["code"]);
        using var many = await front.Post(Chat, $$"""{"messages":{{Hello}},"tools":[{{Tools(1025)}}]}""");
        Assert.Equal("'tools' has 1025 tools; it takes up to 1024.", (string?)(await TestFront.Json(many))["error"]!["message"]);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        var body = $$"""{"messages":[{"role":"user","content":"{{new string('x', 65 << 10)}}"}]}""";
        using var answer = await _front.Post(Chat, body);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal(("invalid_request_error", "request_too_large"), ((string?)error["type"], (string?)error["code"]));
    }

    [Fact]
    public async Task An_unknown_model_is_not_found()
    {
        using var answer = await _front.Post(Chat, $$"""{"model":"gpt-9","messages":{{Hello}}}""");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal("model_not_found", (string?)error["code"]);
        Assert.Equal("model", (string?)error["param"]);
        Assert.Contains("crescent-tiny", (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_context_overflow_names_both_lengths()
    {
        using var answer = await _front.Post(Text, """{"prompt":[1,2,3],"max_tokens":2046}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal("context_length_exceeded", (string?)error["code"]);
        var message = (string)error["message"]!;
        Assert.Contains("2049", message, StringComparison.Ordinal);
        Assert.Contains("2048", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_names_both_lengths()
    {
        using var answer = await _front.Post(Text, $$"""{"prompt":[{{string.Join(',', Enumerable.Repeat(5, 3000))}}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal("context_length_exceeded", (string?)error["code"]);
        Assert.Contains("3000", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Contains("2048", (string)error["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat", "POST", HttpStatusCode.NotFound)]
    [InlineData("/v1/chat/completions", "GET", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/v1/models/nobody", "GET", HttpStatusCode.NotFound)]
    public async Task What_is_not_here_gets_an_error_object_too(string path, string method, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _front.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("invalid_request_error", (string?)(await TestFront.Json(answer))["error"]!["type"]);
    }

    [Fact]
    public async Task A_method_that_is_not_taken_is_answered_with_those_that_are()
    {
        using var answer = await _front.Http.GetAsync(Chat, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
        foreach (var path in new[] { "/health", "/health/ready", "/health/live", "/version" })
        {
            using var head = new HttpRequestMessage(HttpMethod.Head, path);
            using var seen = await _front.Http.SendAsync(head, TestContext.Current.CancellationToken);
            Assert.NotEqual(HttpStatusCode.MethodNotAllowed, seen.StatusCode);
            Assert.Empty(await seen.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    private async Task Refused(string path, string body, string? parameter, string code)
    {
        using var answer = await _front.Post(path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await TestFront.Json(answer))["error"]!;
        Assert.Equal("invalid_request_error", (string?)error["type"]);
        Assert.Equal(code, (string?)error["code"]);
        Assert.Equal(parameter, (string?)error["param"]);
        if (parameter is not null)
        {
            Assert.Contains(parameter, (string?)error["message"], StringComparison.Ordinal);
        }
    }

    /// <summary>One front end for all of them: what is refused leaves nothing behind.</summary>
    public sealed class Front : IAsyncLifetime
    {
        internal TestFront Shared { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Shared = await TestFront.Start(ScriptedGeneration.Of("never"), new HttpOptions { MaxBodyBytes = 64 << 10 });

        public ValueTask DisposeAsync() => Shared.DisposeAsync();
    }
}
