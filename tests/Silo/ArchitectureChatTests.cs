using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

namespace Crescent.Tests.Silo;

/// <summary>
/// A silo that serves a small random model of each architecture, with a template in the manner of its family: it chats, and calls a tool where the family has a
/// form for that, which the grammar has to force.
/// </summary>
public sealed class ArchitectureChatTests : IAsyncLifetime
{
    private const string Turns = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    private const string Tools = "{% if tools %}{% for t in tools %}{{ t.function.name }} {% endfor %}{% endif %}";
    private const string Generation = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private static readonly Dictionary<string, string> Templates = new()
    {
        ["hermes"] = Tools + Turns + Generation + "{# <tool_call> #}",
        ["xml"] = Tools + Turns + Generation + "{# <tool_call> <function= #}",
        ["harmony"] = Tools + "{% for m in messages %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}{# <|channel|> #}",
        ["llama"] = Tools + Turns + Generation + "{# <|python_tag|> #}",
        ["list"] = Tools + Turns + Generation + "{# <|tool_call|> #}",
        ["named"] = Tools + Turns + Generation + "{# [TOOL_CALLS] [ARGS] #}",
        ["none"] = Turns + Generation,
    };

    private static readonly (string File, string Template)[] Models =
    [
        ("gemma3", "none"), ("gemma4", "none"), ("gemma4-moe", "none"), ("gpt-oss", "harmony"), ("gpt-oss-MXFP4", "harmony"), ("qwen35", "xml"), ("qwen35moe", "xml"), ("qwen3next", "hermes"),
        ("phi3", "list"), ("smollm3", "hermes"), ("lfm2", "none"), ("lfm2moe", "none"), ("granitehybrid", "hermes"), ("nemotron_h", "none"), ("deepseek2", "none"), ("glm4moe", "named"), ("llama4", "llama"),
    ];

    private readonly TemporaryFolder _folder = new();
    private SiloHost? _silo;
    private HttpClient? _http;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var devices = Models.Select(model => "cpu=" + _folder.Write(model.File + ".gguf", TemplatedModel.Of(TestFiles.Shared("arch", model.File + ".gguf"), Templates[model.Template])));
        var identity = SiloIdentity.Resolve(new ClusterOptions { MembershipFile = _folder.At("membership.json") });
        _silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Devices.Key, string.Join(',', devices)),
                new(Settings.Urls.Key, "http://127.0.0.1:0"),
                new(Settings.KvBlocks.Key, "64"),
                new(Settings.Threads.Key, "1"),
                new(Settings.LogLevel.Key, "warning"),
                new(Settings.WarmUpSeconds.Key, "0"),
            ]),
            identity);
        await _silo.Start(Stop);
        _http = new HttpClient { BaseAddress = new Uri(_silo.Urls[0]) };
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_silo is not null)
        {
            await _silo.Stop();
            await _silo.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Each_chats_and_calls_a_tool_in_the_form_of_its_family()
    {
        foreach (var (file, template) in Models)
        {
            var answer = await Ask(file, tools: false);
            Assert.True(answer.Status == HttpStatusCode.OK, $"{file}: {answer.Body}");
            Assert.InRange((int)answer.Body["usage"]!["completion_tokens"]!, 1, 8);

            answer = await Ask(file, tools: true);
            if (template == "none")
            {
                Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
                Assert.Contains("was not taught to call tools", (string)answer.Body["error"]!["message"]!, StringComparison.Ordinal);
                continue;
            }

            Assert.True(answer.Status == HttpStatusCode.OK, $"{file}: {answer.Body}");
            var choice = answer.Body["choices"]![0]!;
            Assert.True((string)choice["finish_reason"]! == "tool_calls", $"{file}: {choice}");
            var call = Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!["function"]!;
            Assert.Equal("look", (string)call["name"]!);
            var arguments = JsonNode.Parse((string)call["arguments"]!)!;
            Assert.Contains((string)arguments["city"]!, new[] { "Bern", "Rome" });
            Assert.Equal(JsonValueKind.True, arguments["loud"]!.GetValueKind());
        }
    }

    private async Task<(HttpStatusCode Status, JsonObject Body)> Ask(string model, bool tools)
    {
        var request = new JsonObject
        {
            ["model"] = model + ".gguf",
            ["temperature"] = 0,
            ["max_tokens"] = tools ? 400 : 8,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" }),
        };
        if (tools)
        {
            request["tool_choice"] = "required";
            request["parallel_tool_calls"] = false;
            request["tools"] = JsonNode.Parse(
                """[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"city":{"enum":["Bern","Rome"]},"loud":{"const":true}},"required":["city","loud"],"additionalProperties":false}}}]""");
        }

        using var answer = await _http!.PostAsJsonAsync("/v1/chat/completions", request, Stop);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!);
    }
}
