using Crescent.Grains.Agents;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Tools;

/// <summary>The tools that agents may call in a silo.</summary>
internal static class ToolServices
{
    /// <summary>Adds those that are built in, and those of the MCP servers of the settings.</summary>
    /// <exception cref="StartException">The file of the MCP servers is wrong.</exception>
    public static void AddAgentTools(this IServiceCollection services, ToolOptions options)
    {
        services.AddSingleton<IAgentTool, Calculator>();
        if (options.Hosts.Count > 0)
        {
            services.AddSingleton<IAgentTool>(_ => new HttpGet(new HttpGetLimits { Hosts = options.Hosts }, TimeProvider.System));
        }

        if (options.Mcp is { } file)
        {
            var servers = McpFile.Read(file);
            services.AddSingleton(provider => new McpServers(servers, new McpPauses(), provider.GetRequiredService<ILoggerFactory>()));
            services.AddSingleton<IAgentToolSource>(static provider => provider.GetRequiredService<McpServers>());
            services.AddHostedService(static provider => provider.GetRequiredService<McpServers>());
        }
    }
}
