namespace Crescent.Control.Placement;

/// <summary>The placement policies by name.</summary>
public static class PlacementPolicies
{
    /// <summary>The one that is used where none is named.</summary>
    public const string Default = PowerAwarePolicy.PolicyName;

    /// <summary>The queue and cache of <see cref="KvQueuePolicy"/>, under caps that are the same for all devices.</summary>
    public const string UniformCap = "uniform-cap";

    /// <summary>The queue and cache of <see cref="KvQueuePolicy"/>, under caps by the thresholds of POLCA.</summary>
    public const string Polca = "polca";

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        PowerAwarePolicy.PolicyName, KvQueuePolicy.PolicyName, TwoTierPolicy.PolicyName, StickyPolicy.PolicyName, LeastLoadPolicy.PolicyName, LeastQueuePolicy.PolicyName, RoundRobinPolicy.PolicyName, UniformCap, Polca,
    ];

    /// <summary>The policy <paramref name="name"/>; how caps are set under it is the governor's part.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static IPlacementPolicy Create(string name, PowerWeights? weights = null) => name switch
    {
        PowerAwarePolicy.PolicyName => new PowerAwarePolicy(weights),
        KvQueuePolicy.PolicyName or UniformCap or Polca => new KvQueuePolicy(),
        TwoTierPolicy.PolicyName => new TwoTierPolicy(),
        StickyPolicy.PolicyName => new StickyPolicy(),
        LeastLoadPolicy.PolicyName => new LeastLoadPolicy(),
        LeastQueuePolicy.PolicyName => new LeastQueuePolicy(),
        RoundRobinPolicy.PolicyName => new RoundRobinPolicy(),
        _ => throw new ArgumentException($"'{name}' is no placement policy; there are: {string.Join(", ", Names)}."),
    };
}
