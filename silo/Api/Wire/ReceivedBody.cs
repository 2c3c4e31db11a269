using System.Text.Json;

namespace Crescent.Silo.Api.Wire;

/// <summary>The body of a request, received and parsed before its endpoint is called.</summary>
/// <param name="document">The body; whoever takes it disposes of it.</param>
/// <param name="began">When the request came, by the front end's clock.</param>
internal sealed class ReceivedBody(JsonDocument document, long began)
{
    private JsonDocument? _document = document;

    /// <summary>When the request came.</summary>
    public long Began { get; } = began;

    /// <summary>The document, once: what is held here is not held for the length of an answer.</summary>
    public JsonDocument Take() => Interlocked.Exchange(ref _document, null) ?? throw new InvalidOperationException("The body was taken before.");
}
