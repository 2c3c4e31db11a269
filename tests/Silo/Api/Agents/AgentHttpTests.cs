using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Crescent.Tests.Silo.Identity;
using Crescent.Tests.Silo.Tools;

namespace Crescent.Tests.Silo.Api.Agents;

/// <summary>Agent tasks over the port of a silo that asks for keys, with a tool of an MCP server.</summary>
public sealed class AgentHttpTests : IAsyncLifetime
{
    private const string Sum = "What is 71 * 913? Use the calculator.";

    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedMcpServer _server = new(""" "allow": ["calculator", "order.buy"], "approve": ["order.buy"] """);
    private SiloFixture _silo = null!;
    private HttpClient _http = null!;
    private string _alice = "";
    private string _bob = "";
    private string _admin = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        _alice = await TestKeys.Add(store, "alice", "acme", KeyRole.User);
        _bob = await TestKeys.Add(store, "bob", "bolt", KeyRole.User);
        _admin = await TestKeys.Add(store, "root", "ops", KeyRole.Admin);
        _silo = new SiloFixture { With = [new(Settings.Auth.Key, "keys"), new(Settings.AuthKeys.Key, store.Path), new(Settings.Mcp.Key, _server.File)] };
        _http = new HttpClient { BaseAddress = new Uri(await _silo.Url()) };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _silo.DisposeAsync();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_task_is_submitted_shown_and_listed_and_its_events_go_on_where_they_were_left()
    {
        var begun = await Json(await Send(HttpMethod.Post, "/v1/agents", _alice, """{"problem":"What is 23 + 48?","strategy":"direct","settings":{"max_tokens":40},"seed":1}"""), HttpStatusCode.Accepted);
        var id = (string)begun["id"]!;
        var all = await Events(id, null);
        Assert.Equal("done", all[^1].Kind);
        var numbered = all.Where(static news => news.Number is not null).ToArray();
        Assert.Equal(Enumerable.Range(1, numbered.Length), numbered.Select(static news => news.Number!.Value));
        var rest = await Events(id, 1);
        Assert.Equal(numbered.Skip(1).Select(static news => news.Data), rest.Where(static news => news.Number is not null).Select(static news => news.Data));

        var shown = await Json(await Send(HttpMethod.Get, $"/v1/agents/{id}", _alice), HttpStatusCode.OK);
        Assert.Equal("done", (string)shown["state"]!);
        Assert.Contains("71", (string)shown["text"]!, StringComparison.Ordinal);
        Assert.True((long)shown["bill"]!["output_tokens"]! > 0);
        Assert.Equal((0, 0L), ((int)shown["bill"]!["lost"]!["attempts"]!, (long)shown["bill"]!["lost"]!["output_tokens"]!));
        var listed = await Json(await Send(HttpMethod.Get, "/v1/agents", _alice), HttpStatusCode.OK);
        Assert.Contains(listed["data"]!.AsArray(), task => (string)task!["id"]! == id);
    }

    [Fact]
    public async Task A_task_is_its_tenants_alone()
    {
        var id = (string)(await Json(await Send(HttpMethod.Post, "/v1/agents", _alice, """{"problem":"What is 2 + 3?","strategy":"direct"}"""), HttpStatusCode.Accepted))["id"]!;
        await Fault(await Send(HttpMethod.Get, $"/v1/agents/{id}", _bob), HttpStatusCode.NotFound, "task_not_found");
        await Fault(await Send(HttpMethod.Get, $"/v1/agents/{id}/events", _bob), HttpStatusCode.NotFound, "task_not_found");
        await Fault(await Send(HttpMethod.Delete, $"/v1/agents/{id}", _bob), HttpStatusCode.NotFound, "task_not_found");
        await Fault(await Send(HttpMethod.Post, $"/v1/agents/{id}/approve", _bob, """{"hash":"x","approved":true}"""), HttpStatusCode.NotFound, "task_not_found");
        Assert.Empty((await Json(await Send(HttpMethod.Get, "/v1/agents", _bob), HttpStatusCode.OK))["data"]!.AsArray());
        await Json(await Send(HttpMethod.Get, $"/v1/agents/{id}", _admin), HttpStatusCode.OK);
        await Fault(await Send(HttpMethod.Get, "/v1/agents/agent-none", _alice), HttpStatusCode.NotFound, "task_not_found");
    }

    [Theory]
    [InlineData("""{"problem":"x","colour":"red"}""", "colour")]
    [InlineData("""{"problem":"x","settings":{"sample":3}}""", "settings.sample")]
    [InlineData("""{"problem":"x","settings":{"samples":0}}""", "settings.samples")]
    [InlineData("""{"problem":"x","budget":{"parallelism":0}}""", "budget.parallelism")]
    [InlineData("""{"problem":"x","strategy":"direct","settings":{"samples":4}}""", "settings.samples")]
    [InlineData("""{"problem":"x","strategy":"plan-execute","settings":{"temperature":0.5}}""", "settings.temperature")]
    [InlineData("""{"problem":"x","program":"mine"}""", "program")]
    [InlineData("""{"problem":"x","session_id":"s"}""", "session_id")]
    [InlineData("""{"problem":"x","strategy":"luck"}""", "strategy")]
    [InlineData("""{"problem":"x","tools":["shop__none"]}""", "tools")]
    [InlineData("""{"strategy":"direct"}""", "problem")]
    public async Task A_field_that_is_wrong_or_unknown_is_refused_by_name(string body, string field)
    {
        using var answer = await Send(HttpMethod.Post, "/v1/agents", _alice, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, (string)(await TestFront.Json(answer))["error"]!["param"]!);
    }

    [Fact]
    public async Task The_same_key_is_the_same_task_and_no_other_work()
    {
        const string Body = """{"problem":"What is 2 + 3?","strategy":"direct"}""";
        var first = await Json(await Send(HttpMethod.Post, "/v1/agents", _alice, Body, "k-1"), HttpStatusCode.Accepted);
        var again = await Json(await Send(HttpMethod.Post, "/v1/agents", _alice, Body, "k-1"), HttpStatusCode.Accepted);
        Assert.Equal((string)first["id"]!, (string)again["id"]!);
        await Fault(await Send(HttpMethod.Post, "/v1/agents", _alice, """{"problem":"What is 2 + 4?","strategy":"direct"}""", "k-1"), HttpStatusCode.Conflict, "conflict");
        var other = await Json(await Send(HttpMethod.Post, "/v1/agents", _bob, Body, "k-1"), HttpStatusCode.Accepted);
        Assert.NotEqual((string)first["id"]!, (string)other["id"]!);
    }

    [Fact]
    public async Task A_task_calls_a_tool_of_an_MCP_server_with_the_key_of_its_step()
    {
        var id = await React("shop__calculator");
        var events = await Events(id, null);
        Assert.True(events[^1].Kind == "done", events[^1].Data);
        Assert.Contains(events, static news => news.Kind == "tool_call" && news.Data.Contains("shop__calculator", StringComparison.Ordinal));
        var call = _server.Calls[0];
        Assert.StartsWith($"{id}/tool-", (string)call["_meta"]!["crescent/idempotencyKey"]!, StringComparison.Ordinal);
        var shown = await Json(await Send(HttpMethod.Get, $"/v1/agents/{id}", _alice), HttpStatusCode.OK);
        var metrics = await Metrics();
        foreach (var line in (string[])["agent_tasks_total{strategy=\"react\",end=\"done\"} 1", "agent_steps_total{strategy=\"react\",outcome=\"done\"}", "agent_steps 0", "agent_tasks{state=\"running\"} 0", "agent_attempts_lost_total 0", "agent_tool_calls_total{tool=\"shop__calculator\",result=\"done\"} 1"])
        {
            Assert.Contains($"\ncrescent:{line}", metrics, StringComparison.Ordinal);
        }

        Assert.Contains("64823", ((string)shown["text"]!).Replace(",", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_needs_a_person_waits_is_rejected_and_cannot_be_decided_twice()
    {
        var id = await React("shop__order_buy");
        var shown = await Waiting(id);
        Assert.Empty(_server.Calls);
        Assert.Contains("\ncrescent:agent_tasks{state=\"waiting_for_approval\"} 1\n", await Metrics(), StringComparison.Ordinal);
        Assert.Contains("\ncrescent:agent_approvals_waiting 1\n", await Metrics(), StringComparison.Ordinal);
        var approval = shown["approvals"]![0]!;
        Assert.Equal("shop__order_buy", (string)approval["tool"]!);
        var decision = $$"""{"hash":"{{approval["hash"]}}","approved":false,"reason":"Too dear."}""";
        await Fault(await Send(HttpMethod.Post, $"/v1/agents/{id}/approve", _alice, """{"hash":"wrong","approved":true}"""), HttpStatusCode.Conflict, "conflict");
        await Fault(await Send(HttpMethod.Post, $"/v1/agents/{id}/approve", _alice, """{"hash":"x","approved":true,"by":"me"}"""), HttpStatusCode.BadRequest, "unsupported_value");
        await Json(await Send(HttpMethod.Post, $"/v1/agents/{id}/approve", _alice, decision), HttpStatusCode.OK);
        var again = await Json(await Send(HttpMethod.Post, $"/v1/agents/{id}/approve", _alice, decision), HttpStatusCode.Conflict);
        Assert.Equal("conflict", (string)again["error"]!["code"]!);
        Assert.Contains("was rejected at ", (string)again["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
        await Send(HttpMethod.Delete, $"/v1/agents/{id}", _alice);
    }

    [Fact]
    public async Task A_task_that_is_cancelled_ends_and_stays_cancelled()
    {
        var id = await React("shop__order_buy");
        await Waiting(id);
        var cancelled = await Json(await Send(HttpMethod.Delete, $"/v1/agents/{id}", _alice), HttpStatusCode.OK);
        Assert.Equal("cancelled", (string)cancelled["state"]!);
        Assert.Contains("\ncrescent:agent_tasks_total{strategy=\"react\",end=\"cancelled\"} 1\n", await Metrics(), StringComparison.Ordinal);
        Assert.Contains("\ncrescent:agent_tasks{state=\"waiting_for_approval\"} 0\n", await Metrics(), StringComparison.Ordinal);
        Assert.Equal("done", (await Events(id, null))[^1].Kind);
        Assert.Equal("cancelled", (string)(await Json(await Send(HttpMethod.Delete, $"/v1/agents/{id}", _alice), HttpStatusCode.OK))["state"]!);
    }

    private async Task<string> Metrics()
    {
        using var answer = await Send(HttpMethod.Get, "/metrics", _admin);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Stop);
    }

    private async Task<string> React(string tool)
    {
        // The server is connected in the background.
        var body = $$"""{"problem":"{{Sum}}","strategy":"react","tools":["{{tool}}"],"settings":{"max_tokens":120},"seed":7}""";
        JsonNode? begun = null;
        for (var i = 0; begun is null; i++)
        {
            using var answer = await Send(HttpMethod.Post, "/v1/agents", _alice, body);
            if (answer.StatusCode == HttpStatusCode.Accepted)
            {
                begun = await TestFront.Json(answer);
            }
            else
            {
                Assert.True(i < 600, await answer.Content.ReadAsStringAsync(Stop));
                await Task.Delay(100, Stop);
            }
        }

        return (string)begun["id"]!;
    }

    private async Task<JsonNode> Waiting(string id)
    {
        for (var i = 0; ; i++)
        {
            var shown = await Json(await Send(HttpMethod.Get, $"/v1/agents/{id}", _alice), HttpStatusCode.OK);
            if ((string)shown["state"]! == "waiting_for_approval")
            {
                return shown;
            }

            Assert.True(i < 600, shown.ToJsonString());
            await Task.Delay(100, Stop);
        }
    }

    private async Task<IReadOnlyList<(int? Number, string Kind, string Data)>> Events(string id, int? after)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/agents/{id}/events");
        request.Headers.Authorization = new AuthenticationHeaderValue(KeyHandler.Bearer, _alice);
        if (after is { } last)
        {
            request.Headers.Add("Last-Event-ID", last.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        using var answer = await _http.SendAsync(request, Stop);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        return
        [
            .. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(static part => !part.StartsWith(':')).Select(static part =>
            {
                var lines = part.Split('\n').Select(static line => line.Split(": ", 2)).ToDictionary(static line => line[0], static line => line[1]);
                return (lines.TryGetValue("id", out var number) ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : (int?)null, lines["event"], lines["data"]);
            }),
        ];
    }

    private static async Task<JsonNode> Json(HttpResponseMessage answer, HttpStatusCode status)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Stop);
            Assert.True(status == answer.StatusCode, $"{answer.StatusCode}, not {status}: {text}");
            return JsonNode.Parse(text)!;
        }
    }

    private static async Task Fault(HttpResponseMessage answer, HttpStatusCode status, string code) => Assert.Equal(code, (string)(await Json(answer, status))["error"]!["code"]!);

    private Task<HttpResponseMessage> Send(HttpMethod method, string path, string key, string? body = null, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue(KeyHandler.Bearer, key);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return _http.SendAsync(request, Stop);
    }
}
