using System.Net;
using System.Net.Sockets;

namespace Crescent.Silo.Tools;

/// <summary>Tells addresses of the public Internet from those that lead to this machine, its network, or the services of whoever hosts it.</summary>
internal static class PublicAddress
{
    /// <summary>IPv4 that is not public: IANA's special-purpose registry, multicast, and what clouds answer on from within.</summary>
    private static readonly IPNetwork[] Special4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
        }.Select(static network => IPNetwork.Parse(network)),
    ];

    private static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3");

    /// <summary>IPv6 within it that is not public, or that holds an IPv4 address which may not be (Teredo, 6to4).</summary>
    private static readonly IPNetwork[] Special6 = [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(static network => IPNetwork.Parse(network))];

    /// <summary>Whether an address is public. One that is IPv4 in the form of IPv6 counts as what it is.</summary>
    public static bool Is(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? !Array.Exists(Special4, network => network.Contains(plain))
            : Public6.Contains(plain) && !Array.Exists(Special6, network => network.Contains(plain));
    }

    /// <summary>Whether it is this machine.</summary>
    public static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
