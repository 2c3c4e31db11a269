using System.Globalization;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Json;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Client.Connections.Http;

/// <summary>Agent tasks over HTTP.</summary>
/// <param name="http">The connection's client.</param>
/// <param name="failures">Its words for what goes wrong.</param>
/// <param name="timeout">Longest wait for a reply, and for the next event.</param>
internal sealed class HttpAgents(HttpClient http, HttpFailures failures, TimeSpan timeout) : IAgentConnection
{
    private const string Route = "v1/agents";

    public Task<AgentView> Submit(AgentSubmission submission, CancellationToken cancellationToken) => View(
        () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, Route) { Content = JsonContent.Create(submission.Body) };
            if (submission.Key is { } key)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            }

            return request;
        },
        cancellationToken);

    public Task<IReadOnlyList<AgentListing>> List(int most, CancellationToken cancellationToken) =>
        Deadlines.Within(
            async stop =>
            {
                using var reply = await http.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{Route}?limit={most}"), stop);
                await failures.ThrowUnlessOk(reply, stop);
                var list = await reply.Content.ReadFromJsonAsync(WireJson.Default.AgentListDocument, stop);
                return list?.Data ?? throw new JsonException("The list of tasks is null.");
            },
            timeout,
            cancellationToken).Translating(failures.Translate);

    public Task<AgentView> Show(string id, CancellationToken cancellationToken) =>
        View(() => new HttpRequestMessage(HttpMethod.Get, PathOf(id)), cancellationToken);

    public IAsyncEnumerable<AgentNews?> Watch(string id, long after, CancellationToken cancellationToken) =>
        Deadlines.EachWithin(stop => Stream(id, after, stop), timeout, cancellationToken).Translating(failures.Translate);

    public Task<AgentView> Decide(string id, string hash, bool approved, string? reason, CancellationToken cancellationToken) => View(
        () =>
        {
            var body = new JsonObject { ["hash"] = hash, ["approved"] = approved };
            if (reason is not null)
            {
                body["reason"] = reason;
            }

            return new HttpRequestMessage(HttpMethod.Post, PathOf(id) + "/approve") { Content = JsonContent.Create(body) };
        },
        cancellationToken);

    public Task<AgentView> Cancel(string id, CancellationToken cancellationToken) =>
        View(() => new HttpRequestMessage(HttpMethod.Delete, PathOf(id)), cancellationToken);

    private static string PathOf(string id) => $"{Route}/{Uri.EscapeDataString(id)}";

    private Task<AgentView> View(Func<HttpRequestMessage> ask, CancellationToken cancellationToken) =>
        Deadlines.Within(
            async stop =>
            {
                using var request = ask();
                using var reply = await http.SendAsync(request, stop);
                await failures.ThrowUnlessOk(reply, stop);
                return await reply.Content.ReadFromJsonAsync(WireJson.Default.AgentView, stop) ?? throw new JsonException("The task is null.");
            },
            timeout,
            cancellationToken).Translating(failures.Translate);

    private async IAsyncEnumerable<AgentNews?> Stream(string id, long after, [EnumeratorCancellation] CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(id) + "/events");
        if (after > 0)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", after.ToString(CultureInfo.InvariantCulture));
        }

        using var reply = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        await failures.ThrowUnlessOk(reply, stop);
        yield return null;
        await using var body = await reply.Content.ReadAsStreamAsync(stop);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(stop))
        {
            yield return Read(item);
        }
    }

    private static AgentNews Read(SseItem<string> item)
    {
        var news = JsonSerializer.Deserialize(item.Data, WireJson.Default.AgentNews) ?? throw new JsonException("An event is null.");

        // What is told once has no number, and must not take that of the event before.
        var once = item.EventType is "tokens" or "waiting";
        return news with
        {
            Kind = item.EventType,
            Number = !once && long.TryParse(item.EventId, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0,
        };
    }
}
