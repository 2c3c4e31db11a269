using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>Embeddings by a factory's models over HTTP.</summary>
/// <param name="http">Its base address is the front end's; disposed by whoever made it.</param>
/// <param name="options">Model, key and timeout.</param>
public sealed class HttpEmbeddingGenerator(HttpClient http, CrescentClientOptions options) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly HttpWay _way = new(http, options.Key, options.Timeout);
    private readonly EmbeddingGeneratorMetadata _metadata = new("crescent", http.BaseAddress, options.Model);

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject
        {
            ["model"] = options?.ModelId ?? _metadata.DefaultModelId ?? await _way.FirstModel(cancellationToken).ConfigureAwait(false),
            ["input"] = new JsonArray([.. values.Select(static value => JsonValue.Create(value))]),
            ["encoding_format"] = "base64",
        };
        if (options?.Dimensions is { } dimensions)
        {
            body["dimensions"] = dimensions;
        }

        foreach (var (name, value) in options?.AdditionalProperties ?? [])
        {
            body[name] = JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object)));
        }

        using var answer = await _way.Post("v1/embeddings", body, cancellationToken).ConfigureAwait(false);
        var read = await _way.Within(stop => answer.Content.ReadFromJsonAsync<JsonNode>(stop), cancellationToken).ConfigureAwait(false);
        var model = (string?)read!["model"];
        return new GeneratedEmbeddings<Embedding<float>>(read["data"]!.AsArray().Select(entry => new Embedding<float>(Floats((string)entry!["embedding"]!)) { ModelId = model, CreatedAt = DateTimeOffset.UtcNow }))
        {
            Usage = new UsageDetails { InputTokenCount = (long?)read["usage"]?["prompt_tokens"], TotalTokenCount = (long?)read["usage"]?["total_tokens"] },
        };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The HTTP client is its maker's.
    }

    private static float[] Floats(string base64) => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(base64)).ToArray();
}
