using Crescent.Client.Connections.Http;
using Crescent.Client.Connections.Local;

namespace Crescent.Client.Connections;

/// <summary>How to reach a factory.</summary>
internal sealed record ConnectionSettings
{
    /// <summary>Longest wait for the factory's next sign unless set, in seconds.</summary>
    public const double DefaultTimeoutSeconds = 30;

    /// <summary>Environment variable with the key to send unless another is said.</summary>
    public const string KeyVariable = "CRESCENT_API_KEY";

    /// <summary>The key of <see cref="KeyVariable"/>; null for none.</summary>
    public static string? KeyOfEnvironment => Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? key : null;

    /// <summary>Address of the HTTP front end; null to go over Orleans.</summary>
    public Uri? Url { get; init; }

    /// <summary>A local cluster's announcement; null for the newest that runs.</summary>
    public FileInfo? Cluster { get; init; }

    /// <summary>Key to send over HTTP, or a token; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>Longest wait to connect, for a reply, and for each next piece of an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(DefaultTimeoutSeconds);

    /// <summary>Whether the transport's warnings go to standard error.</summary>
    public bool Verbose { get; init; }

    /// <summary>Opens the connection that the settings ask for.</summary>
    /// <exception cref="FactoryException">There is no such factory.</exception>
    public static Task<IFactoryConnection> Connect(ConnectionSettings settings, CancellationToken cancellationToken) =>
        settings.Url is { } url
            ? Task.FromResult<IFactoryConnection>(new HttpConnection(url, settings.Timeout, settings.Key))
            : LocalConnection.Connect(settings, cancellationToken);
}
