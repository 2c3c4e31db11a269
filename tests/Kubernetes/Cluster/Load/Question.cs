using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Load;

/// <summary>A streamed call whose answer is the same however often and wherever it is computed: greedy, or drawn by a seed.</summary>
/// <param name="Path">Where it is asked.</param>
/// <param name="Body">What is asked.</param>
internal sealed record Question(string Path, string Body)
{
    private const string Schema = """
        {"type":"object","properties":{"places":{"type":"array","minItems":8,"maxItems":8,"items":{"type":"integer"} },"title":{"type":"string","maxLength":40},"sure":{"type":"boolean"} },
        "required":["places","title","sure"],"additionalProperties":false}
        """;

    private const string Tool = """
        {"type":"function","function":{"name":"book","parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":40},"days":{"type":"array","minItems":6,"maxItems":6,"items":{"type":"integer"} } },
        "required":["city","days"],"additionalProperties":false} } }
        """;

    /// <summary>The question of a number: in turn a long text, an object of a schema, a call of a tool, and two drawn texts at once.</summary>
    public static Question Of(int number) => (number % 4) switch
    {
        0 => new("/v1/completions", $$"""{"prompt":"Story {{number}} begins.","max_tokens":200,"ignore_eos":true,"temperature":0,"stream":true}"""),
        1 => new("/v1/chat/completions", $$"""
            {"messages":[{"role":"user","content":"Plan journey {{number}}."}],"max_tokens":300,"temperature":0,"stream":true,
            "response_format":{"type":"json_schema","json_schema":{"name":"journey","strict":true,"schema":{{Schema}} } } }
            """),
        2 => new("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"Book journey {{number}}."}],"max_tokens":300,"temperature":0,"stream":true,"tools":[{{Tool}}],"tool_choice":"required"}"""),
        _ => new("/v1/completions", $$"""{"prompt":"Verse {{number}}:","max_tokens":100,"ignore_eos":true,"temperature":0.8,"seed":{{number}},"n":2,"stream":true}"""),
    };

    /// <summary>Asks, and gives all that was said: by choice its text, its calls of tools and why it ended.</summary>
    /// <returns>The answer; null where the call was refused before anything was said, as a silo that stops does, and <paramref name="refused"/> was told why.</returns>
    public async Task<string?> Ask(HttpClient http, CancellationToken stop, Action<string>? refused = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is not null)
        {
            refused?.Invoke(await answer.Content.ReadAsStringAsync(stop));
            return null;
        }

        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{Body} got {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(stop)}");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(stop));
        var said = new SortedDictionary<int, Said>();
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            if (line == "data: [DONE]")
            {
                return string.Join('\n', said.Select(static choice => $"{choice.Key}: {choice.Value}"));
            }

            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                Read(JsonNode.Parse(line[6..])!, line, said);
            }
        }

        throw new InvalidOperationException($"The stream of {Body} ended without [DONE] after:\n{string.Join('\n', said.Values)}");
    }

    private static void Read(JsonNode chunk, string line, SortedDictionary<int, Said> said)
    {
        foreach (var choice in chunk["choices"]?.AsArray() ?? throw new InvalidOperationException($"The stream told of an error: {line}"))
        {
            var index = (int)choice!["index"]!;
            if (!said.TryGetValue(index, out var one))
            {
                said[index] = one = new Said();
            }

            one.Text.Append((string?)choice["text"] ?? (string?)choice["delta"]?["content"]);
            foreach (var call in choice["delta"]?["tool_calls"]?.AsArray() ?? [])
            {
                one.Calls.Append((string?)call!["function"]?["name"]).Append((string?)call["function"]?["arguments"]);
            }

            one.End ??= (string?)choice["finish_reason"];
        }
    }

    private sealed class Said
    {
        public StringBuilder Text { get; } = new();

        public StringBuilder Calls { get; } = new();

        public string? End { get; set; }

        public override string ToString() => $"{Text}|{Calls}|{End}";
    }
}
