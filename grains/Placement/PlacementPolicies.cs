namespace Crescent.Grains.Placement;

/// <summary>The placement policies by name.</summary>
public static class PlacementPolicies
{
    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [PowerQueuePolicy.PolicyName, LeastQueuePolicy.PolicyName, RoundRobinPolicy.PolicyName];

    /// <summary>
    /// Builds the policy that <paramref name="options"/> name.
    /// </summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static IPlacementPolicy Create(PlacementOptions options) => options.Policy switch
    {
        PowerQueuePolicy.PolicyName => new PowerQueuePolicy(options.PowerWeight),
        LeastQueuePolicy.PolicyName => new LeastQueuePolicy(),
        RoundRobinPolicy.PolicyName => new RoundRobinPolicy(),
        _ => throw new ArgumentException(UnknownName(options.Policy)),
    };

    internal static string UnknownName(string? name) =>
        $"{PlacementOptions.Section}:Policy is '{name}', which is no placement policy; there are: {string.Join(", ", Names)}.";
}
