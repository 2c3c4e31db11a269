using Crescent.Grains.Agents;

namespace Crescent.Silo.Tools;

/// <summary>
/// The MCP servers of a silo. Each is connected in the background, and again with growing pauses when it dies: the silo starts and serves without them. A tool's name is always
/// <c>SERVER__TOOL</c>: a task keeps the names of its tools, so that they must not depend on which other servers are there.
/// </summary>
internal sealed class McpServers : BackgroundService, IAgentToolSource
{
    /// <summary>Between the names of a server and its tool.</summary>
    public const string Between = "__";

    private readonly McpConnection[] _servers;

    /// <param name="servers">Which there are.</param>
    /// <param name="pauses">How long things may take.</param>
    /// <param name="loggers">For what goes wrong, and what processes say on standard error.</param>
    public McpServers(IReadOnlyList<McpServerSettings> servers, McpPauses pauses, ILoggerFactory loggers) =>
        _servers = [.. servers.Select(settings => new McpConnection(settings, pauses, loggers))];

    public IReadOnlyList<IAgentTool> Tools => [.. _servers.SelectMany(static server => server.Tools)];

    public async Task<IAgentTool?> Find(string name, CancellationToken cancellationToken)
    {
        foreach (var server in _servers)
        {
            if (name.StartsWith(server.Name + Between, StringComparison.Ordinal))
            {
                await server.Tried.WaitAsync(cancellationToken);
                return server.Tools.FirstOrDefault(tool => tool.Name == name) ?? (server.IsThere ? null : throw server.Away());
            }
        }

        return null;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_servers.Select(server => server.Run(stoppingToken)));
}
