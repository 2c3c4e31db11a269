namespace Crescent.Silo.Tools;

/// <summary>What <c>http-get</c> may read.</summary>
internal sealed record HttpGetLimits
{
    /// <summary>Hosts that it may read: a name, <c>*.NAME</c> for all below it; with a port that alone, without one 80 and 443.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>Bytes of a page at the most.</summary>
    public int MaxBytes { get; init; } = 1_000_000;

    /// <summary>Time for all of it, redirects included.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Redirects that are followed.</summary>
    public int MaxRedirects { get; init; } = 3;

    /// <summary>For tests alone: whether this machine may be read.</summary>
    public bool AllowsLoopback { get; init; }

    /// <summary>Whether a page may be read, by its name.</summary>
    public bool Has(Uri page) => Hosts.Any(host =>
    {
        // An IPv6 address has colons of its own.
        var colon = host.LastIndexOf(':');
        var hasPort = colon > host.LastIndexOf(']') && colon > 0;
        var name = hasPort ? host[..colon] : host;
        return (hasPort ? host[(colon + 1)..] == page.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) : page.Port is 80 or 443)
            && (name.StartsWith("*.", StringComparison.Ordinal)
                ? page.IdnHost.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase)
                : name.Trim('[', ']').Equals(page.IdnHost.Trim('[', ']'), StringComparison.OrdinalIgnoreCase));
    });
}
