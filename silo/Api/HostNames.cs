using System.Net;
using System.Net.NetworkInformation;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Api;

/// <summary>The names that requests may name in <c>Host</c>: those that this front end listens on, and those that it is told.</summary>
internal sealed class HostNames
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _below = [];
    private readonly bool _any;

    public HostNames(HttpOptions options)
    {
        foreach (var address in options.Addresses.Concat(options.OpsAddresses))
        {
            _names.UnionWith(Names(address.Host));
        }

        foreach (var name in options.AllowedHosts.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            _any |= name == "*";
            if (name.StartsWith("*.", StringComparison.Ordinal))
            {
                _below.Add(name[1..]);
            }
            else
            {
                _names.Add(name);
            }
        }
    }

    /// <summary>Whether <paramref name="host"/>, without its port, is one of them.</summary>
    public bool Allow(string host) =>
        _any || _names.Contains(host) || _below.Exists(end => host.Length > end.Length && host.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Names(string host)
    {
        if (AuthOptions.IsLoopback(host))
        {
            return [.. Loopback, host];
        }

        var isAll = host is "*" or "+" || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));
        return isAll ? [.. Loopback, Environment.MachineName, Dns.GetHostName(), .. OwnAddresses()] : [host];
    }

    private static IEnumerable<string> OwnAddresses() =>
        from card in NetworkInterface.GetAllNetworkInterfaces()
        from address in card.GetIPProperties().UnicastAddresses
        select address.Address.ToString() is var text && address.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{text}]" : text;
}
