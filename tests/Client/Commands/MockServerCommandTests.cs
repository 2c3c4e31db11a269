using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Crescent.Client.Commands;
using Crescent.Client.Connections;

namespace Crescent.Tests.Client.Commands;

public sealed partial class MockServerCommandTests : IDisposable
{
    private readonly FakeTerminal _terminal = new();
    private readonly HttpClient _http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task It_answers_as_an_OpenAI_server_and_tells_its_record()
    {
        var (running, url) = await Start("--ttft", "1ms", "--itl", "0", "--reasoning", "2", "--models", "a,b", "--joules-per-token", "2");
        var models = await _http.GetFromJsonAsync<JsonNode>($"{url}/models", Cancel);
        Assert.Equal(["a", "b"], models!["data"]!.AsArray().Select(static model => (string?)model!["id"]));

        var events = await Post($"{url}/chat/completions", """{"messages":[{"role":"user","content":" one two"}],"max_tokens":3,"stream":true,"stream_options":{"include_usage":true}}""");
        var chunks = events.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", chunks[^1]);
        JsonNode[] parsed = [.. chunks[..^1].Select(static chunk => JsonNode.Parse(chunk[6..])!)];
        Assert.Equal(
            [("", null), (null, " word"), (null, " word"), (" word", null), (null, null)],
            parsed.Select(static chunk => ((string?)chunk["choices"]![0]!["delta"]!["content"], (string?)chunk["choices"]![0]!["delta"]!["reasoning_content"])));
        var usage = parsed[^1]["usage"]!;
        Assert.Equal((9, 3, 2, 6.0), ((int)usage["prompt_tokens"]!, (int)usage["completion_tokens"]!, (int)usage["completion_tokens_details"]!["reasoning_tokens"]!, (double)usage["energy"]!["joules"]!));

        var whole = JsonNode.Parse(await Post($"{url}/completions", """{"prompt":" one two","max_tokens":2}"""))!;
        Assert.Equal((" word word", 2), ((string?)whole["choices"]![0]!["text"], (int)whole["usage"]!["prompt_tokens"]!));
        Assert.Contains("is 1 here: a mock gives one answer", await Post($"{url}/completions", """{"prompt":"x","n":2}"""), StringComparison.Ordinal);
        Assert.Contains("There is no POST /v1/nothing", await Post($"{url}/nothing", "{}"), StringComparison.Ordinal);

        var record = await _http.GetFromJsonAsync<JsonNode>(new Uri(new Uri(url), "/mock/record"), Cancel);
        Assert.Equal((3, 1, 3), ((int)record!["requests"]!, (int)record["whole"]!, (int)record["tokens"]!));
        Assert.True((double)record["ttft"]!["p50"]! >= 0.001);

        _terminal.Interrupts.Raise();
        Assert.Equal(0, await running);
        Assert.Contains("record: {", _terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--ttft takes V, uniform:LOW,HIGH", "--ttft", "200")]
    [InlineData("--error-rate takes a number from 0 to 1, not '2'.", "--error-rate", "2")]
    [InlineData("--host takes an IP address, not 'here'.", "--host", "here")]
    public async Task A_wrong_option_is_refused_with_what_it_takes(string words, string option, string value)
    {
        Assert.Equal(1, await Run(option, value));
        Assert.Contains(words, _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_failure_with_its_remedy()
    {
        var (running, url) = await Start();
        var second = new FakeTerminal();
        Assert.Equal(1, await ClientCommandLine.Run(["mock-server", "--port", new Uri(url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture)], second.Terminal, NoConnector));
        Assert.Contains("Choose another --port", second.Error, StringComparison.Ordinal);
        _terminal.Interrupts.Raise();
        Assert.Equal(0, await running);
    }

    [GeneratedRegex(@"listening on (http://\S+/v1)")]
    private static partial Regex Listening();

    private static Task<IFactoryConnection> NoConnector(ConnectionSettings settings, CancellationToken cancellationToken) => throw new InvalidOperationException("A mock reaches nothing.");

    private Task<int> Run(params string[] options) => ClientCommandLine.Run(["mock-server", "--port", "0", .. options], _terminal.Terminal, NoConnector);

    private async Task<(Task<int> Running, string Url)> Start(params string[] options)
    {
        var running = Run(options);
        while (!running.IsCompleted)
        {
            if (Listening().Match(_terminal.Output) is { Success: true } match)
            {
                return (running, match.Groups[1].Value);
            }

            await Task.Delay(5, Cancel);
        }

        throw new InvalidOperationException(_terminal.Error);
    }

    private async Task<string> Post(string url, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await _http.PostAsync(new Uri(url), content, Cancel);
        return await reply.Content.ReadAsStringAsync(Cancel);
    }
}
