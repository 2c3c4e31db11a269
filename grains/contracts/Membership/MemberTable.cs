namespace Crescent.Grains.Contracts.Membership;

/// <summary>The whole of a <see cref="FileMembershipTable"/>, as its file holds it.</summary>
internal sealed class MemberTable
{
    /// <summary>Grows with every change of a row, but not with heartbeats.</summary>
    public int Version { get; set; }

    /// <summary>Changes with <see cref="Version"/>.</summary>
    public string ETag { get; set; } = "0";

    public List<MemberRow> Members { get; set; } = [];

    public void Advance(int version)
    {
        Version = version;
        ETag = Guid.NewGuid().ToString("N");
    }
}
