using System.Collections.Immutable;

namespace Crescent.Tests.Grains.Kv;

/// <summary>Silos as the test says they are.</summary>
internal sealed class ManualMembership : IClusterMembershipService
{
    private ImmutableDictionary<SiloAddress, ClusterMember> _members = ImmutableDictionary<SiloAddress, ClusterMember>.Empty;

    public ClusterMembershipSnapshot CurrentSnapshot => new(_members, new MembershipVersion(_members.Count));

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

    public void Set(SiloAddress silo, SiloStatus status) => _members = _members.SetItem(silo, new ClusterMember(silo, status, "silo-1"));

    public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken) => default;

    public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
}
