using Crescent.Client.Connections;
using Crescent.Client.Connections.Local;

namespace Crescent.Client.Commands;

/// <summary>The way to agent tasks: HTTP, to the address that was given, else to that of the cluster on this machine.</summary>
internal static class AgentAccess
{
    /// <summary>Opens it.</summary>
    /// <exception cref="FactoryException">No address is given and no cluster runs here, or the way does not lead to agents.</exception>
    public static async Task<(IFactoryConnection Connection, IAgentConnection Agents)> Open(Connector connect, ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var connection = await connect(settings.Url is null ? settings with { Url = LocalConnection.Url(settings.Cluster), Cluster = null } : settings, cancellationToken);
        if (connection.Agents is { } agents)
        {
            return (connection, agents);
        }

        await connection.DisposeAsync();
        throw new FactoryException("Agents are reached over HTTP alone", "Name a front end with --url.");
    }

    /// <summary>The options by which another command reaches the same factory, with a space before each.</summary>
    public static string Way(ConnectionSettings settings) =>
        settings.Url is { } url ? $" --url {url.OriginalString}" : settings.Cluster is { } file ? $" --cluster {file}" : "";
}
