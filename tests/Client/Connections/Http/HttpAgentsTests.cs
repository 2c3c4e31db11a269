using System.Text;
using System.Text.Json.Nodes;
using Crescent.Client.Agents;
using Crescent.Client.Connections;
using Crescent.Client.Connections.Http;
using Microsoft.AspNetCore.Http;

namespace Crescent.Tests.Client.Connections.Http;

public sealed class HttpAgentsTests : IAsyncLifetime
{
    private const string View =
        """{"id":"agent-1","state":"running","strategy":"direct","problem":"hi","bill":{"calls":1,"joules":0.5},"submitted":"2026-01-02T03:04:05+00:00","steps":[{"id":"answer","label":"answer","state":"running"}],"has_ended":false}""";

    private FrontEnd _server = null!;
    private HttpConnection _connection = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FrontEnd.Start();
        _connection = new HttpConnection(_server.Url, TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_submission_carries_its_body_and_its_key()
    {
        var (method, key, body) = ("", "", "");
        _server.Other = async context =>
        {
            (method, key) = (context.Request.Method, context.Request.Headers["Idempotency-Key"].ToString());
            body = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
            context.Response.StatusCode = 202;
            await context.Response.WriteAsync(View);
        };
        var task = await _connection.Agents.Submit(new AgentSubmission(new JsonObject { ["problem"] = "hi" }, "mine 1"), Cancel);
        Assert.Equal(("POST", "mine 1", """{"problem":"hi"}"""), (method, key, body));
        Assert.Equal(("agent-1", "running", 1, 0.5, "answer"), (task.Id, task.State, task.Bill.Calls, task.Bill.Joules, Assert.Single(task.Steps).Id));
        Assert.Equal(["/v1/agents"], _server.Paths);
    }

    [Fact]
    public async Task Events_go_on_behind_the_last_one_when_the_connection_breaks()
    {
        var asked = new List<string>();
        var read = new TaskCompletionSource();
        _server.Other = async context =>
        {
            asked.Add(context.Request.Headers["Last-Event-ID"].ToString());
            if (asked.Count == 1)
            {
                await Send(context, "id: 1\nevent: step_started\ndata: {\"step\":\"a\",\"label\":\"answer\"}\n\nid: 2\nevent: vote\ndata: {\"text\":\"24: 1.00\"}\n\n:\n\nevent: tokens\ndata: {\"step\":\"a\",\"text\":\"2\"}\n\n");
                await read.Task.WaitAsync(context.RequestAborted);
                context.Abort();
                return;
            }

            await Send(context, "id: 3\nevent: step_finished\ndata: {\"step\":\"a\",\"outcome\":\"done\",\"text\":\"24\",\"output_tokens\":7,\"joules\":1.5}\n\nid: 4\nevent: done\ndata: {\"state\":\"done\"}\n\n");
        };
        var heard = new List<AgentNews>();
        await foreach (var news in new AgentFollower(_connection.Agents, TimeSpan.FromMinutes(1)).Follow("agent-1", Cancel))
        {
            heard.Add(news);
            if (news.Kind == "tokens")
            {
                read.SetResult();
            }
        }

        Assert.Equal(["", "2"], asked);
        Assert.Equal([(1, "step_started"), (2, "vote"), (0, "tokens"), (3, "step_finished"), (4, "done")], heard.Select(static n => (n.Number, n.Kind)));
        Assert.Equal(("done", "24", 7, 1.5), (heard[3].Outcome, heard[3].Text, heard[3].OutputTokens, heard[3].Joules));
        Assert.Equal(["/v1/agents/agent-1/events", "/v1/agents/agent-1/events"], _server.Paths);
    }

    [Fact]
    public async Task What_is_done_with_a_task_goes_to_its_own_path()
    {
        var asked = new List<string>();
        _server.Other = async context =>
        {
            asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted)}".TrimEnd());
            await context.Response.WriteAsync(context.Request.Path == "/v1/agents" ? """{"object":"list","data":[{"id":"a","state":"done","strategy":"direct","problem":"hi"}]}""" : View);
        };
        Assert.Equal("a", Assert.Single(await _connection.Agents.List(7, Cancel)).Id);
        await _connection.Agents.Show("a", Cancel);
        await _connection.Agents.Decide("a", "h", true, null, Cancel);
        await _connection.Agents.Decide("a", "h", false, "no", Cancel);
        await _connection.Agents.Cancel("a", Cancel);
        Assert.Equal(
            [
                "GET /v1/agents?limit=7", "GET /v1/agents/a", """POST /v1/agents/a/approve {"hash":"h","approved":true}""",
                """POST /v1/agents/a/approve {"hash":"h","approved":false,"reason":"no"}""", "DELETE /v1/agents/a",
            ],
            asked);
    }

    [Fact]
    public async Task A_task_that_is_not_there_is_said_with_what_to_do()
    {
        _server.Other = static context => FrontEnd.Status(context, 404, """{"error":{"message":"There is no task 'x'.","code":"task_not_found"}}""");
        var failure = await Assert.ThrowsAsync<FactoryException>(() => _connection.Agents.Show("x", Cancel));
        Assert.Equal(("There is no task 'x'.", "Name one of the tasks that `agents` lists."), (failure.Message, failure.Remedy));
    }

    private static Task Send(HttpContext context, string events) => FrontEnd.Events(context, Encoding.UTF8.GetBytes(events));
}
