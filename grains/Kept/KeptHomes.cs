using System.Text;
using Crescent.Grains.Configuration;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Kept;

/// <summary>
/// Where an answer is kept: every silo puts the members of the cluster into the same order for a key, by a hash of both, so that a member that goes or comes
/// back moves no other. Silos that are only front ends come last: they are what an answer is to outlive.
/// </summary>
internal sealed class KeptHomes(IClusterMembershipService membership, SiloRoles roles, ILocalSiloDetails silo, CrescentSiloOptions options)
{
    /// <summary>Names of the silos that are active, the one that keeps <paramref name="key"/> first.</summary>
    public string[] Of(string key)
    {
        var homes = new List<(bool IsFront, ulong Weight, string Name)>();
        foreach (var member in membership.CurrentSnapshot.Members.Values)
        {
            if (member.Status == SiloStatus.Active && !homes.Exists(home => home.Name == member.Name))
            {
                homes.Add((Role(member) == "front", Weight(key, member.Name), member.Name));
            }
        }

        homes.Sort();
        return [.. homes.Select(static home => home.Name)];
    }

    private string Role(ClusterMember member) => member.SiloAddress.Equals(silo.SiloAddress) ? options.Role : roles.Of(member.SiloAddress);

    /// <summary>FNV-1a of both, mixed so that all its bits count.</summary>
    private static ulong Weight(string key, string name)
    {
        var hash = 14695981039346656037;
        foreach (var part in (ReadOnlySpan<string>)[key, "/", name])
        {
            foreach (var b in Encoding.UTF8.GetBytes(part))
            {
                hash = (hash ^ b) * 1099511628211;
            }
        }

        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        return hash ^ (hash >> 33);
    }
}
