using System.Net;

namespace Crescent.Tests.Grains.Placement;

/// <summary>The silo of a test that has none.</summary>
internal sealed class LocalSilo : ILocalSiloDetails
{
    public string Name => "front";

    public string ClusterId => "test";

    public string DnsHostName => "localhost";

    public SiloAddress SiloAddress { get; } = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1);

    public SiloAddress GatewayAddress => SiloAddress;
}
