using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

namespace Crescent.Tests.Silo;

/// <summary>
/// A silo that serves a small random model of each architecture, with a template in the manner of its family: it chats, and calls a tool in the family's form,
/// which the grammar has to force.
/// </summary>
public sealed class ArchitectureChatTests : IAsyncLifetime
{
    private const string Generation = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    // Each writes tools, and calls that were made, as its family does.
    private static readonly Dictionary<string, string> Templates = new()
    {
        ["hermes"] = Family("<tool_call>{{ f | tojson }}</tool_call>"),
        ["xml"] = Family("<tool_call><function={{ f.name }}>{% for k, v in f.arguments.items() %}<parameter={{ k }}>{{ v }}</parameter>{% endfor %}</function></tool_call>"),
        ["glm"] = Family("<tool_call>{{ f.name }}{% for k, v in f.arguments.items() %}<arg_key>{{ k }}</arg_key><arg_value>{{ v }}</arg_value>{% endfor %}</tool_call>"),
        ["harmony"] = Family("<|channel|>commentary to=functions.{{ f.name }}<|message|>{{ f.arguments | tojson }}"),
        ["llama"] = Family("<|python_tag|>{{ f | tojson }}"),
        ["python"] = Family("[{{ f.name }}({% for k, v in f.arguments.items() %}{{ k }}={{ v }}{% endfor %})]{# Write [func_name1(params_name1=params_value1)]. #}"),
        ["phi"] = Family("<|tool_call|>{{ f | tojson }}<|/tool_call|>{# <|tool|> <|/tool|> #}"),
        ["granite"] = Family("<|tool_call|>[{{ f | tojson }}]"),
        ["named"] = Family("[TOOL_CALLS]{{ f.name }}[ARGS]{{ f.arguments | tojson }}"),
        ["nemotron"] = Family("<TOOLCALL>[{{ f | tojson }}]</TOOLCALL>"),
        ["deepseek"] = Family("<｜tool▁call▁begin｜>function<｜tool▁sep｜>{{ f.name }}\n```json\n{{ f.arguments | tojson }}\n```<｜tool▁call▁end｜>"),
        ["deepseek31"] = Family("<｜tool▁call▁begin｜>{{ f.name }}<｜tool▁sep｜>{{ f.arguments | tojson }}<｜tool▁call▁end｜>"),
        ["kimi"] = Family("<|tool_call_begin|>functions.{{ f.name }}:0<|tool_call_argument_begin|>{{ f.arguments | tojson }}<|tool_call_end|>"),
        ["lfm"] = Family("<|tool_call_start|>[{{ f.name }}({% for k, v in f.arguments.items() %}{{ k }}={{ v }}{% endfor %})]<|tool_call_end|>"),
        ["gemma"] = Family("<|tool_call>call:{{ f.name }}{{ '{' }}{% for k, v in f.arguments.items() %}{{ k }}:<|\"|>{{ v }}<|\"|>{% endfor %}}<tool_call|>"),
        ["functiongemma"] = Family("<start_function_call>call:{{ f.name }}{{ '{' }}{% for k, v in f.arguments.items() %}{{ k }}:<escape>{{ v }}<escape>{% endfor %}}<end_function_call>"),
        ["none"] = "{% for m in messages %}{{ m.content }}{% endfor %}" + Generation,
    };

    private static readonly (string File, string Template)[] Models =
    [
        ("gemma3", "functiongemma"), ("gemma4", "gemma"), ("gemma4-moe", "gemma"), ("gpt-oss", "harmony"), ("gpt-oss-MXFP4", "harmony"), ("qwen35", "xml"), ("qwen35moe", "xml"), ("qwen3next", "hermes"),
        ("phi3", "phi"), ("smollm3", "hermes"), ("lfm2", "lfm"), ("lfm2moe", "lfm"), ("granitehybrid", "granite"), ("nemotron_h", "nemotron"), ("deepseek2", "deepseek"), ("glm4moe", "glm"), ("llama4", "llama"),
        ("qwen3", "kimi"), ("qwen3moe", "deepseek31"), ("qwen2", "python"), ("llama-bpe-rope-factors", "named"), ("llama-spm", "none"),
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

            // Required, and by name with what was called before in the talk.
            foreach (var named in new[] { false, true })
            {
                answer = await Ask(file, tools: true, named);
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
    }

    private static string Family(string call) =>
        "{% if tools %}{% for t in tools %}{{ t.function.name }} {% endfor %}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}{% for c in m.tool_calls %}{% set f = c.function %}"
        + call + "{% endfor %}<|im_end|>\n{% endfor %}" + Generation;

    private async Task<(HttpStatusCode Status, JsonObject Body)> Ask(string model, bool tools, bool named = false)
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
            request["tool_choice"] = named ? JsonNode.Parse("""{"type":"function","function":{"name":"look"}}""") : "required";
            request["parallel_tool_calls"] = false;
            request["tools"] = JsonNode.Parse(
                """[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"city":{"enum":["Bern","Rome"]},"loud":{"const":true}},"required":["city","loud"],"additionalProperties":false}}}]""");
        }

        if (named)
        {
            request["messages"]!.AsArray().Add(JsonNode.Parse("""{"role":"assistant","content":null,"tool_calls":[{"id":"call12345","type":"function","function":{"name":"look","arguments":"{\"city\":\"Rome\"}"}}]}"""));
            request["messages"]!.AsArray().Add(JsonNode.Parse("""{"role":"tool","tool_call_id":"call12345","content":"sun"}"""));
        }

        using var answer = await _http!.PostAsJsonAsync("/v1/chat/completions", request, Stop);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!);
    }
}
