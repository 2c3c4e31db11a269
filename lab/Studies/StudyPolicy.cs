using Crescent.Control.Placement;
using Crescent.Control.Power;

namespace Crescent.Lab.Studies;

/// <summary>
/// A policy as a study names it: a placement policy, with the caps that go with it, or with others after a plus sign: <c>+uniform</c>,
/// <c>+efficient</c>; and <c>power-aware</c> without one of its terms after a minus sign: <c>-energy</c>, <c>-power</c>, <c>-kv</c>,
/// <c>-latency</c>, <c>-overlap</c>, <c>-stall</c>.
/// </summary>
/// <param name="Name">As it is written.</param>
/// <param name="Placement">Name of the placement policy.</param>
/// <param name="Controller">How caps are set; null for what goes with the placement policy.</param>
/// <param name="Without">The term that is left out, or null.</param>
public sealed record StudyPolicy(string Name, string Placement, IPowerController? Controller, string? Without)
{
    private static readonly string[] Terms = ["energy", "power", "kv", "latency", "overlap", "stall"];

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">The message says what is known.</exception>
    public static StudyPolicy Parse(string name)
    {
        var placement = PlacementPolicies.Names.Where(known => name.StartsWith(known, StringComparison.Ordinal)).MaxBy(static known => known.Length)
            ?? throw Unknown(name);
        IPowerController? controller = null;
        string? without = null;
        switch (name[placement.Length..])
        {
            case "":
                break;
            case "+uniform":
                controller = new UniformCaps();
                break;
            case "+efficient":
                controller = new EfficientCaps();
                break;
            case ['-', .. var term] when placement == PowerAwarePolicy.PolicyName && Terms.Contains(term):
                without = term;
                break;
            default:
                throw Unknown(name);
        }

        return new StudyPolicy(name, placement, controller, without);
    }

    /// <summary>The weights without the term that is left out.</summary>
    public PowerWeights Weigh(PowerWeights weights) => Without switch
    {
        "energy" => weights with { Energy = 0 },
        "power" => weights with { Power = 0 },
        "kv" => weights with { Kv = 0 },
        "latency" => weights with { Latency = 0 },
        "stall" => weights with { Stall = 0 },
        "overlap" => weights with { Overlap = false },
        _ => weights,
    };

    private static FormatException Unknown(string name) => new(
        $"'{name}' is no policy: use {string.Join(", ", PlacementPolicies.Names)}, with +uniform or +efficient for other caps, or "
        + $"{PowerAwarePolicy.PolicyName}-TERM, where TERM is {string.Join(", ", Terms)}.");
}
