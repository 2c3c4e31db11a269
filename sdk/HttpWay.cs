using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Sdk;

/// <summary>Requests to a front end over HTTP, and its failures.</summary>
/// <param name="http">Its base address is the front end's; its own timeout should be none.</param>
/// <param name="key">Key or token; null for none.</param>
/// <param name="timeout">Longest wait for the next sign.</param>
internal sealed class HttpWay(HttpClient http, string? key, TimeSpan timeout)
{
    private string? _first;

    /// <summary>The front end.</summary>
    public Uri? Address => http.BaseAddress;

    /// <summary>The factory's first model.</summary>
    /// <exception cref="CrescentException">It tells none.</exception>
    public async Task<string> FirstModel(CancellationToken cancellationToken)
    {
        if (_first is { } known)
        {
            return known;
        }

        using var request = Request(HttpMethod.Get, "v1/models");
        using var answer = await Send(request, cancellationToken).ConfigureAwait(false);
        var models = await Within(stop => answer.Content.ReadFromJsonAsync<JsonNode>(stop), cancellationToken).ConfigureAwait(false);
        return _first = (models as JsonObject)?["data"] is JsonArray { Count: > 0 } list && Word(list[0], "id") is { } id
            ? id
            : throw new CrescentException($"{Address} serves no model.", new JsonException("The list of models is empty."));
    }

    /// <summary>Posts JSON; the answer's body is still to be read.</summary>
    /// <exception cref="CrescentException">It was refused, or there is no answer.</exception>
    public async Task<HttpResponseMessage> Post(string path, JsonNode body, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, path);
        request.Content = JsonContent.Create(body);
        return await Send(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does one step of reading, within the time for the next sign.</summary>
    /// <exception cref="CrescentException">The time is over, or the connection.</exception>
    public async Task<T> Within<T>(Func<CancellationToken, Task<T>> step, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(timeout);
        try
        {
            return await step(late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CrescentException($"{Address} gave no sign for {timeout.TotalSeconds:0.#} s.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new CrescentException($"{Address} cannot be reached, or broke off: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw NoJson(e);
        }
    }

    /// <summary>Reads an object.</summary>
    /// <exception cref="CrescentException">It is none.</exception>
    public JsonObject Read(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new JsonException("It is no object.");
        }
        catch (JsonException e)
        {
            throw NoJson(e);
        }
    }

    /// <summary>The failure that an error object of the API tells of.</summary>
    public static CrescentException Failure(JsonNode? error, HttpStatusCode? status, string otherwise, TimeSpan? retryAfter = null) => new(Word(error, "message") ?? otherwise)
    {
        Status = status,
        Code = (error as JsonObject)?["code"] is JsonValue code ? code.ToString() : null,
        Field = Word(error, "param"),
        RetryAfter = retryAfter ?? ((error as JsonObject)?["retry_after"] is JsonValue value && value.TryGetValue<double>(out var seconds) ? TimeSpan.FromSeconds(seconds) : null),
    };

    // A proxy between may say anything.
    private static string? Word(JsonNode? error, string field) => (error as JsonObject)?[field] is JsonValue value && value.TryGetValue<string>(out var word) ? word : null;

    private CrescentException NoJson(JsonException e) => new($"{Address} replied what is no JSON: is it a server of the API? {e.Message}", e);

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return request;
    }

    private async Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await Within(stop => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop), cancellationToken).ConfigureAwait(false);
        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            var text = await Within(answer.Content.ReadAsStringAsync, cancellationToken).ConfigureAwait(false);
            throw Failure(ErrorIn(text), answer.StatusCode, $"{Address} replied {(int)answer.StatusCode} {answer.ReasonPhrase}.", answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null);
        }
    }

    private static JsonNode? ErrorIn(string text)
    {
        try
        {
            return (JsonNode.Parse(text) as JsonObject)?["error"];
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
