namespace Crescent.Silo.Configuration;

/// <summary>What agents may call. Section <c>Crescent</c>.</summary>
public sealed class ToolOptions : IChecked
{
    /// <summary>File of MCP servers; null for none.</summary>
    public string? Mcp { get; set; }

    /// <summary>Hosts that <c>http-get</c> may read, parted by semicolons; empty: there is no such tool.</summary>
    public string HttpGetHosts { get; set; } = "";

    /// <summary><see cref="HttpGetHosts"/>, parted.</summary>
    public IReadOnlyList<string> Hosts => HttpGetHosts.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public IEnumerable<string> Problems()
    {
        if (Mcp is not null && !File.Exists(Mcp))
        {
            yield return Settings.OutOfRange(Settings.Mcp, Mcp, "a file that is there");
        }

        foreach (var host in Hosts.Where(static host => !IsHost(host)))
        {
            yield return Settings.OutOfRange(Settings.HttpGetHosts, host, "HOST, *.HOST or HOST:PORT, several parted by ';'");
        }
    }

    // A bare * would be no allow-list.
    private static bool IsHost(string host)
    {
        var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        return Uri.TryCreate($"http://{name}/", UriKind.Absolute, out var uri)
            && Uri.CheckHostName(uri.IdnHost.Trim('[', ']')) != UriHostNameType.Unknown
            && (name.Equals(uri.Authority, StringComparison.OrdinalIgnoreCase) || name.Equals($"{uri.Host}:{uri.Port}", StringComparison.OrdinalIgnoreCase));
    }
}
