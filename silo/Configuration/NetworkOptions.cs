using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Crescent.Silo.Configuration;

/// <summary>Where other silos reach this one, and how they know one another. Section <c>Crescent</c>.</summary>
public sealed class NetworkOptions : IChecked
{
    /// <summary>The word for the machine's own address.</summary>
    public const string Auto = "auto";

    /// <summary>IP address or host name that other silos reach this one at, or <see cref="Auto"/>; null for the loopback address, where only those of this machine do.</summary>
    public string? Advertise { get; set; }

    /// <summary>Certificate of this silo with what leads to its authority, PEM; null for no TLS.</summary>
    public string? TlsCert { get; set; }

    /// <summary>Its private key, PEM.</summary>
    public string? TlsKey { get; set; }

    /// <summary>Certificates of the authorities whose silos are let in, PEM.</summary>
    public string? TlsCa { get; set; }

    /// <summary>Whether silos show one another certificates.</summary>
    public bool HasTls => TlsCert is not null;

    public IEnumerable<string> Problems()
    {
        if ((TlsCert is null) != (TlsKey is null) || (TlsCert is null) != (TlsCa is null))
        {
            yield return $"{Settings.TlsCert}, {Settings.TlsKey} and {Settings.TlsCa} go together.";
        }
    }

    /// <summary>The address to tell others.</summary>
    /// <exception cref="StartException">A name has no address, or the machine has none.</exception>
    public IPAddress Address()
    {
        if (Advertise is not { } name)
        {
            return IPAddress.Loopback;
        }

        if (name == Auto)
        {
            return Own() ?? throw new StartException($"{Settings.Advertise} is {Auto}, but no network of this machine has an address; name one.");
        }

        if (IPAddress.TryParse(name, out var address))
        {
            return !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
                ? address
                : throw new StartException(Settings.OutOfRange(Settings.Advertise, name, $"an address at which others reach this silo, a host name, or {Auto}"));
        }

        try
        {
            var found = Dns.GetHostAddresses(name);
            return found.FirstOrDefault(static a => a.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault()
                ?? throw new StartException($"{Settings.Advertise} {name} has no address.");
        }
        catch (SocketException e)
        {
            throw new StartException($"{Settings.Advertise} {name} has no address: {e.Message}", e);
        }
    }

    private static IPAddress? Own() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(static n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(static n => n.GetIPProperties().UnicastAddresses.Select(static a => a.Address))
        .Where(static a => !a.IsIPv6LinkLocal)
        .OrderBy(static a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
        .FirstOrDefault();
}
