using Crescent.Control.Placement;

namespace Crescent.Control.Power;

/// <summary>How caps are set under each placement policy.</summary>
public static class PowerControllers
{
    /// <summary>
    /// The controller that goes with the policy <paramref name="name"/>: the efficient one with <c>power-aware</c>, POLCA's with <c>polca</c>, uniform caps with
    /// all others.
    /// </summary>
    /// <param name="name">Of the placement policy.</param>
    /// <param name="level">What users are promised, which the efficient one keeps to; the standard class by default.</param>
    public static IPowerController For(string name, ServiceLevel? level = null) => name switch
    {
        PowerAwarePolicy.PolicyName => new EfficientCaps(EfficientCapsOptions.For(level ?? ServiceLevel.Standard)),
        PlacementPolicies.Polca => new PolcaThresholds(),
        _ => new UniformCaps(),
    };
}
