using Aspire.Hosting.ApplicationModel;

namespace Crescent.Aspire.Hosting;

/// <summary>A factory: a local cluster of silos that one program starts. Its connection string is <c>Endpoint=…</c>.</summary>
/// <param name="name">Of the resource, and of its connection string.</param>
/// <param name="program">Path of the silo's program.</param>
/// <param name="folder">Where it runs.</param>
public sealed class CrescentResource(string name, string program, string folder) : ExecutableResource(name, program, folder), IResourceWithConnectionString
{
    /// <summary>Name of the endpoint of its HTTP API.</summary>
    public const string HttpEndpoint = "http";

    /// <summary>Its HTTP API.</summary>
    public EndpointReference Http => new(this, HttpEndpoint);

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"Endpoint={Http.Property(EndpointProperty.Url)}");
}
