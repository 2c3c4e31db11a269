using System.Runtime.InteropServices;
using Crescent.Grains.Contracts.Chat;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>Embeddings by a factory's models over Orleans.</summary>
/// <param name="cluster">The cluster, such as the host's <see cref="IClusterClient"/>.</param>
/// <param name="options">Model, tenant and timeout.</param>
public sealed class ClusterEmbeddingGenerator(IGrainFactory cluster, CrescentClientOptions options) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("crescent", null, options.Model);
    private readonly TimeSpan _timeout = options.Timeout;
    private readonly string _tenant = options.Tenant;

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.AdditionalProperties is { Count: > 0 } others)
        {
            throw new NotSupportedException($"'{others.First().Key}' is a field of the HTTP API alone; over Orleans there is no place for it.");
        }

        var call = new EmbeddingCall { Inputs = [.. values], Model = options?.ModelId ?? _metadata.DefaultModelId, Tenant = _tenant };
        var reply = await ClusterWay.Within(cluster.GetGrain<IChatGrain>(Guid.NewGuid()).Embed(call, cancellationToken), _timeout, cancellationToken).ConfigureAwait(false);
        if (options?.Dimensions is { } dimensions && dimensions != reply.Size)
        {
            throw new NotSupportedException($"Embeddings of '{reply.Model}' have {reply.Size} dimensions and cannot be made {dimensions}; leave {nameof(options.Dimensions)} out.");
        }

        var floats = MemoryMarshal.Cast<byte, float>(reply.Floats).ToArray();
        return new GeneratedEmbeddings<Embedding<float>>(Enumerable.Range(0, call.Inputs.Length)
            .Select(i => new Embedding<float>(floats.AsMemory(i * reply.Size, reply.Size)) { ModelId = reply.Model, CreatedAt = DateTimeOffset.UtcNow }))
        {
            Usage = new UsageDetails { InputTokenCount = reply.PromptTokens, TotalTokenCount = reply.PromptTokens },
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
        // The cluster's client is its maker's.
    }
}
