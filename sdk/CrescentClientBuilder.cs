using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Crescent.Sdk;

/// <summary>Adds the clients of one factory to a host's services.</summary>
/// <param name="services">The host's.</param>
/// <param name="name">Of its options.</param>
public sealed class CrescentClientBuilder(IServiceCollection services, string name)
{
    /// <summary>Adds an <see cref="IChatClient"/>; what is used on the builder that comes back, such as function invocation, stands before the spans of each call.</summary>
    /// <param name="model">The model where a request names none; null for that of the options.</param>
    public ChatClientBuilder AddChatClient(string? model = null) => services.AddChatClient(provider => Chat(provider, model));

    /// <summary>The same under a key.</summary>
    public ChatClientBuilder AddKeyedChatClient(object key, string? model = null) => services.AddKeyedChatClient(key, provider => Chat(provider, model));

    /// <summary>Adds an embedding generator.</summary>
    /// <param name="model">The model where a request names none; null for that of the options.</param>
    public EmbeddingGeneratorBuilder<string, Embedding<float>> AddEmbeddingGenerator(string? model = null) => services.AddEmbeddingGenerator(provider => Embeddings(provider, model));

    /// <summary>The same under a key.</summary>
    public EmbeddingGeneratorBuilder<string, Embedding<float>> AddKeyedEmbeddingGenerator(object key, string? model = null) =>
        services.AddKeyedEmbeddingGenerator(key, provider => Embeddings(provider, model));

    private IChatClient Chat(IServiceProvider provider, string? model)
    {
        var options = Options(provider, model);
        IChatClient client = options.OverOrleans
            ? new ClusterChatClient(provider.GetRequiredService<IClusterClient>(), options)
            : new HttpChatClient(Http(provider, options), options);
        return options.DisableTelemetry ? client : client.AsBuilder().UseOpenTelemetry().Build(provider);
    }

    private IEmbeddingGenerator<string, Embedding<float>> Embeddings(IServiceProvider provider, string? model)
    {
        var options = Options(provider, model);
        IEmbeddingGenerator<string, Embedding<float>> generator = options.OverOrleans
            ? new ClusterEmbeddingGenerator(provider.GetRequiredService<IClusterClient>(), options)
            : new HttpEmbeddingGenerator(Http(provider, options), options);
        return options.DisableTelemetry ? generator : generator.AsBuilder().UseOpenTelemetry().Build(provider);
    }

    private HttpClient Http(IServiceProvider provider, CrescentClientOptions options)
    {
        var http = provider.GetRequiredService<IHttpClientFactory>().CreateClient($"crescent:{name}");
        http.BaseAddress = new Uri(options.Endpoint!.AbsoluteUri.TrimEnd('/') + '/');
        http.Timeout = Timeout.InfiniteTimeSpan;
        return http;
    }

    private CrescentClientOptions Options(IServiceProvider provider, string? model)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<CrescentClientOptions>>().Get(name);
        return model is null ? options : new CrescentClientOptions
        {
            Endpoint = options.Endpoint,
            Model = model,
            Key = options.Key,
            Tenant = options.Tenant,
            OverOrleans = options.OverOrleans,
            Timeout = options.Timeout,
            DisableTelemetry = options.DisableTelemetry,
        };
    }
}
