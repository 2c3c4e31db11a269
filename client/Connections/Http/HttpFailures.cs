using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Sdk;

namespace Crescent.Client.Connections.Http;

/// <summary>Words for what goes wrong over HTTP.</summary>
/// <param name="address">The front end's base address.</param>
/// <param name="timeout">The deadline in force.</param>
internal sealed class HttpFailures(string address, TimeSpan timeout)
{
    /// <summary>Translates an exception of the HTTP client, of a deadline or of a reader; null for any other.</summary>
    public FactoryException? Translate(Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
            Lost($"The host of {address} is not known", "Check --url.", failure),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
            Lost(
                $"Nothing answers at {address}",
                new Uri(address).IsLoopback
                    ? $"Start a cluster there with {StartHint.Command} -- --urls {address}, or check --url."
                    : "Check --url, and that the front end runs.",
                failure),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            Lost($"{address} does not speak TLS that this machine trusts", "Check the certificate, or use http:// if the front end has none.", failure),
        HttpRequestException or IOException =>
            Lost($"The connection to {address} broke off", "The front end may have died: check that it runs, and ask again.", failure),
        TimeoutException or OperationCanceledException { InnerException: TimeoutException } =>
            Lost($"{address} gave no sign for {timeout.TotalSeconds:0.#} s", "Raise --timeout, or look at the load with `top`.", failure),
        JsonException or InvalidOperationException or FormatException =>
            Lost($"{address} answers, but not as a Crescent front end: {failure.Message}", "Check --url.", failure),
        CrescentException { Status: { } status } refused => new FactoryException(refused.Message, RemedyFor(refused.Code, status, refused.RetryAfter), failure),
        CrescentException { InnerException: OperationCanceledException } => Translate(new TimeoutException(failure.Message, failure)),
        CrescentException { InnerException: { } inner } => Translate(inner),
        CrescentException given => new FactoryException(given.Message, given.RetryAfter is { } wait ? $"Try again in {wait.TotalSeconds:0} s." : "Ask again.", failure),
        _ => null,
    };

    /// <summary>Passes a reply that is OK and turns any other into its error.</summary>
    /// <exception cref="FactoryException">The front end refused.</exception>
    public async Task ThrowUnlessOk(HttpResponseMessage reply, CancellationToken cancellationToken)
    {
        if (reply.IsSuccessStatusCode)
        {
            return;
        }

        var error = ErrorIn(await reply.Content.ReadAsStringAsync(cancellationToken));
        var message = (error?["message"] as JsonValue)?.GetValue<string>();
        var code = (error?["code"] as JsonValue)?.TryGetValue<string>(out var word) == true ? word : null;
        throw new FactoryException(
            string.IsNullOrWhiteSpace(message) ? $"{address} replied {(int)reply.StatusCode} {reply.ReasonPhrase}".TrimEnd() : message,
            RemedyFor(code, reply.StatusCode, reply.Headers.RetryAfter?.Delta));
    }

    /// <summary>What to do about a refusal: its code says more than its status.</summary>
    private static string RemedyFor(string? code, HttpStatusCode status, TimeSpan? retryAfter) => code switch
    {
        "decision_not_found" => Remedies.Decision,
        "device_not_found" => Remedies.Device,
        "model_not_found" => Remedies.Model,
        "task_not_found" => Remedies.Task,
        "conflict" => Remedies.Conflict,
        _ => status switch
        {
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable =>
                $"The factory is busy or starting: try again {(retryAfter is { } wait ? $"in {wait.TotalSeconds:0} s" : "soon")}.",
            HttpStatusCode.Unauthorized => $"Give a key with --key or in {ConnectionSettings.KeyVariable}.",
            HttpStatusCode.Forbidden => $"Give a key of an admin with --key or in {ConnectionSettings.KeyVariable}.",
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge => "Change the prompt or the option it names.",
            HttpStatusCode.NotFound => "Check --url: it must be a Crescent front end.",
            _ => "See the front end's log.",
        },
    };

    private static JsonObject? ErrorIn(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject body ? body["error"] as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static FactoryException Lost(string message, string remedy, Exception cause) => new(message, remedy, cause) { ConnectionLost = true };
}
