using System.Text.Json;
using System.Text.Unicode;
using Crescent.Engine.Sampling.Grammars;
using Microsoft.Net.Http.Headers;

namespace Crescent.Silo.Api.Wire;

/// <summary>Reads the JSON object that is the body of a request.</summary>
public static class RequestBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>
    /// The body as a document whose root is an object and whose strings can all be read.
    /// </summary>
    /// <exception cref="ApiException">It is not JSON (400), not said to be (415) or too long (413).</exception>
    public static async Task<JsonDocument> Read(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.HttpContext.Features.Get<ReceivedBody>() is { } received)
        {
            return received.Take();
        }

        CheckType(request);
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, cancellationToken).ConfigureAwait(false);
        return Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
    }

    /// <summary>When a request came.</summary>
    internal static long Began(HttpContext http, TimeProvider time) => http.Features.Get<ReceivedBody>()?.Began ?? time.GetTimestamp();

    /// <summary>Sees that a body is said to be JSON, as it is.</summary>
    /// <exception cref="ApiException">It is not (415).</exception>
    internal static void CheckType(HttpRequest request)
    {
        if (!IsJson(request))
        {
            throw Unsupported("Send the body with 'Content-Type: application/json'.", HeaderNames.ContentType);
        }

        if (MediaTypeHeaderValue.Parse(request.ContentType).Charset is { Length: > 0 } charset && !charset.AsSpan().Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            throw Unsupported($"The body is said to be {charset}; JSON is sent as UTF-8.", HeaderNames.ContentType);
        }

        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw Unsupported($"The body is said to be packed by '{encoding}'; send it as it is, without '{HeaderNames.ContentEncoding}'.", HeaderNames.ContentEncoding);
        }
    }

    private static ApiException Unsupported(string message, string header) =>
        new(StatusCodes.Status415UnsupportedMediaType, ApiException.InvalidRequest, message, header, "unsupported_media_type");

    /// <summary>Whether a body is said to be JSON. A page of another site can send JSON as text/plain to a server on this machine without asking it first.</summary>
    internal static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The document of <paramref name="body"/>.</summary>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        JsonDocument? document = null;
        try
        {
            if (!Utf8.IsValid(body.Span))
            {
                throw new JsonException("It is not UTF-8.");
            }

            document = JsonDocument.Parse(body, Strict);
            JsonText.Check(document.RootElement);
        }
        catch (JsonException e)
        {
            document?.Dispose();
            throw new ApiException(
                StatusCodes.Status400BadRequest, ApiException.InvalidRequest, $"The body is not valid JSON: {JsonText.Say(e)}", code: "invalid_json");
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        var kind = RequestFields.Kind(document.RootElement);
        document.Dispose();
        throw new ApiException(
            StatusCodes.Status400BadRequest, ApiException.InvalidRequest, $"The body must be a JSON object, not {kind}.", code: "invalid_json");
    }
}
