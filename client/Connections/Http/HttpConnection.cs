using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Crescent.Client.Json;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Contracts.Power;
using Crescent.Sdk;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Connections.Http;

/// <summary>A factory reached through the OpenAI-compatible HTTP front end.</summary>
internal sealed class HttpConnection : IFactoryConnection
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly HttpFailures _failures;
    private readonly TimeSpan _timeout;
    private readonly HttpChatClient _chat;

    /// <param name="url">Base address; a trailing <c>/v1</c> is ignored.</param>
    /// <param name="timeout">Longest wait to connect, for a reply, and for each next piece of an answer.</param>
    /// <param name="key">Key or token to send; null for none.</param>
    public HttpConnection(Uri url, TimeSpan timeout, string? key = null)
    {
        _timeout = timeout;
        var address = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        address = address.EndsWith("/v1", StringComparison.Ordinal) ? address[..^"/v1".Length] : address;
        _failures = new HttpFailures(address, timeout);

        // A proxy has no way to this machine's own loopback. An answer that is given up closes its connection at once, which is how
        // the front end learns of it: nothing is drained.
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = timeout < LongestConnect ? timeout : LongestConnect,
            MaxResponseDrainSize = 0,
            UseProxy = !url.IsLoopback,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(address + "/"), Timeout = Timeout.InfiniteTimeSpan };

        // No web page can send it without asking first: what changes something here needs it.
        _http.DefaultRequestHeaders.Add("X-Crescent-Request", "client");
        if (key is not null)
        {
            if (key.Any(static c => c is <= ' ' or > '~'))
            {
                throw new FactoryException("The key holds characters that no key has", $"Check --key, or {ConnectionSettings.KeyVariable}.");
            }

            _http.DefaultRequestHeaders.Add("Authorization", $"Bearer {key}");
        }

        _chat = new HttpChatClient(_http, new CrescentClientOptions { Timeout = timeout });
        Agents = new HttpAgents(_http, _failures, timeout);
    }

    public IAgentConnection Agents { get; }

    // What keeps a waiting stream alive counts as a sign.
    public IAsyncEnumerable<ChatResponseUpdate> Chat(IEnumerable<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken) =>
        _chat.GetStreamingResponseAsync(messages, options, cancellationToken).Translating(_failures.Translate);

    public Task<FactorySnapshot> GetFactory(CancellationToken cancellationToken) => Get("v1/factory", WireJson.Default.FactorySnapshot, cancellationToken);

    public Task<PlannerSnapshot> GetPlan(CancellationToken cancellationToken) => Get("v1/factory/planner", WireJson.Default.PlannerSnapshot, cancellationToken);

    public Task<PowerSnapshot> GetPower(CancellationToken cancellationToken) => Power(HttpMethod.Get, null, cancellationToken);

    public Task<PowerSnapshot> SetBudgets(PowerBudgetSettings budgets, CancellationToken cancellationToken) =>
        Power(HttpMethod.Put, JsonContent.Create(budgets, WireJson.Default.PowerBudgetSettings), cancellationToken);

    private Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => Deadlines.Within(
        async stop =>
        {
            using var reply = await _http.GetAsync(path, stop);
            await _failures.ThrowUnlessOk(reply, stop);
            return await reply.Content.ReadFromJsonAsync(type, stop) ?? throw new JsonException($"The answer of {path} is null.");
        },
        _timeout,
        cancellationToken).Translating(_failures.Translate);

    private Task<PowerSnapshot> Power(HttpMethod method, JsonContent? body, CancellationToken cancellationToken) =>
        Deadlines.Within(
            async stop =>
            {
                using var request = new HttpRequestMessage(method, "v1/factory/power") { Content = body };
                using var reply = await _http.SendAsync(request, stop);
                await _failures.ThrowUnlessOk(reply, stop);
                return await reply.Content.ReadFromJsonAsync(WireJson.Default.PowerSnapshot, stop)
                    ?? throw new JsonException("The state of power is null.");
            },
            _timeout,
            cancellationToken).Translating(_failures.Translate);

    public Task Drain(string device, bool drained, CancellationToken cancellationToken) =>
        Order(() => new HttpRequestMessage(drained ? HttpMethod.Post : HttpMethod.Delete, PathOf(device, "drain")), cancellationToken);

    public Task LoadModel(string device, string model, double drainSeconds, CancellationToken cancellationToken) => Order(
        () => new HttpRequestMessage(HttpMethod.Post, PathOf(device, "model"))
        {
            Content = JsonContent.Create(new JsonObject { ["model"] = model, ["drain_seconds"] = drainSeconds }),
        },
        cancellationToken);

    // A silo's name has no slash; a device's may.
    private static string PathOf(string device, string what)
    {
        var slash = device.IndexOf('/', StringComparison.Ordinal);
        return $"v1/factory/devices/{Uri.EscapeDataString(device[..slash])}/{Uri.EscapeDataString(device[(slash + 1)..])}/{what}";
    }

    private Task<bool> Order(Func<HttpRequestMessage> order, CancellationToken cancellationToken) =>
        Deadlines.Within(
            async stop =>
            {
                using var request = order();
                using var reply = await _http.SendAsync(request, stop);
                await _failures.ThrowUnlessOk(reply, stop);
                return true;
            },
            _timeout,
            cancellationToken).Translating(_failures.Translate);

    public Task<DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken) =>
        Deadlines.Within(
            async stop =>
            {
                using var reply = await _http.GetAsync($"v1/factory/decisions/{Uri.EscapeDataString(requestId)}", stop);
                await _failures.ThrowUnlessOk(reply, stop);
                return await reply.Content.ReadFromJsonAsync(WireJson.Default.DecisionAnswer, stop)
                    ?? throw new JsonException("The decisions are null.");
            },
            _timeout,
            cancellationToken).Translating(_failures.Translate);

    public ValueTask DisposeAsync()
    {
        _chat.Dispose();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }
}
