using Crescent.Control.Placement;

namespace Crescent.Control.Power;

/// <summary>How caps are set under each placement policy.</summary>
public static class PowerControllers
{
    /// <summary>
    /// The controller that goes with the policy <paramref name="name"/>: the efficient one with <c>power-aware</c>, POLCA's with <c>polca</c>, uniform caps with
    /// all others.
    /// </summary>
    public static IPowerController For(string name) => name switch
    {
        PowerAwarePolicy.PolicyName => new EfficientCaps(),
        PlacementPolicies.Polca => new PolcaThresholds(),
        _ => new UniformCaps(),
    };
}
