using Crescent.Control.Placement;

namespace Crescent.Lab.Fleet;

/// <summary>
/// The placement policies of the lab: those of a cluster, and after a plus sign what a cluster's front ends do not do: <c>+session</c>, Dynamo's session affinity over any of
/// them; <c>+burst</c>, llm-d's windows in which siblings are placed together; <c>+pools:POSITIONS:SHARE</c>, <see cref="ContextPools"/>; and by itself <c>parent-groups</c>, Dynamo's groups of sub-agents.
/// </summary>
internal static class LabPolicies
{
    public const string ParentGroups = "parent-groups";
    public const string Session = "+session";
    public const string Burst = "+burst";
    public const string Pools = "+pools:";

    /// <summary>After so long a session's binding is forgotten: Dynamo leaves it to the operator; the default of its example, s.</summary>
    public const double SessionSeconds = ParentGroupPolicy.DefaultIdleSeconds;

    /// <summary>All names, without what may follow after a plus sign.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. PlacementPolicies.Names, ParentGroups];

    /// <summary>The policy of a name with its suffixes, <see cref="Burst"/> apart.</summary>
    public static IPlacementPolicy Create(string name, PowerWeights? weights)
    {
        var plain = name.Replace(Burst, "", StringComparison.Ordinal);
        if (plain.LastIndexOf(Pools, StringComparison.Ordinal) is >= 0 and var at && ContextPools.Parse(plain[(at + Pools.Length)..]) is var (positions, share))
        {
            return new ContextPools(Create(plain[..at], weights), positions, share);
        }

        return plain.EndsWith(Session, StringComparison.Ordinal) ? new SessionAffinityPolicy(Create(plain[..^Session.Length], weights))
            : plain == ParentGroups ? new ParentGroupPolicy()
            : PlacementPolicies.Create(plain, weights);
    }

    /// <summary>The name of the cluster's policy in it, which says what caps go with it.</summary>
    public static string Plain(string name) => name.IndexOf('+', StringComparison.Ordinal) is >= 0 and var at ? name[..at] : name;
}
