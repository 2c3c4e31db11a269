using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
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

    /// <summary>Its length, bytes.</summary>
    public long Length => JsonMarshal.GetRawUtf8Value(Untaken.RootElement).Length;

    /// <summary>SHA-256 of <paramref name="path"/> and the JSON, byte for byte; as long as nobody has taken it.</summary>
    public byte[] Hash(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(path));
        hash.AppendData("\n"u8);
        hash.AppendData(JsonMarshal.GetRawUtf8Value(Untaken.RootElement));
        return hash.GetHashAndReset();
    }

    /// <summary>A text of it, as long as nobody has taken it; null where there is none of that name.</summary>
    public string? Text(string name) =>
        Untaken.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The document, once: what is held here is not held for the length of an answer.</summary>
    public JsonDocument Take() => Interlocked.Exchange(ref _document, null) ?? throw Taken();

    private JsonDocument Untaken => Volatile.Read(ref _document) ?? throw Taken();

    private static InvalidOperationException Taken() => new("The body was taken before.");
}
