using System.Collections.Immutable;
using System.Net;
using Crescent.Engine.Kv;
using Crescent.Grains.Kv;

namespace Crescent.Bench.Gossip;

/// <summary>Silos that never change, seen by one that is none of them.</summary>
internal sealed class StandingCluster(IReadOnlyList<SiloAddress> silos) : IClusterMembershipService, IKvDumpSource, ILocalSiloDetails
{
    public ClusterMembershipSnapshot CurrentSnapshot { get; } = new(
        silos.ToImmutableDictionary(static s => s, static s => new ClusterMember(s, SiloStatus.Active, s.ToString())), new MembershipVersion(1));

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

    public string Name => "front";

    public string ClusterId => "bench";

    public string DnsHostName => "localhost";

    public SiloAddress SiloAddress { get; } = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1);

    public SiloAddress GatewayAddress => SiloAddress;

    public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken) => default;

    public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();

    public Task<KvDump> Fetch(string device, CancellationToken cancellationToken) => throw new NotSupportedException();
}
