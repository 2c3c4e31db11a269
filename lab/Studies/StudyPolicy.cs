using System.Globalization;
using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Lab.Fleet;

namespace Crescent.Lab.Studies;

/// <summary>
/// A policy as a study names it: a placement policy and what goes with it after plus signs. <c>+uniform</c>, <c>+efficient</c>: other caps than its own; <c>+session</c>: Dynamo's
/// session affinity before it; <c>+burst</c>: llm-d's windows in which siblings are placed together; <c>+pools:POSITIONS:SHARE</c>: short calls on a share of the devices; <c>+park</c>: servers that are not needed are parked and switched off. <c>power-aware</c> may lack one of its terms, named after a minus sign:
/// <c>-energy</c>, <c>-power</c>, <c>-kv</c>, <c>-latency</c>, <c>-overlap</c>, <c>-stall</c>, <c>-recompute</c>, or <c>-moves</c>, by which calls that wait go elsewhere. After tildes stands what it believes wrongly: <c>~times:0.8</c>, <c>~power:X</c>,
/// <c>~idle:X</c>, <c>~curve:X</c>, <c>~length:X</c>, factors of the truth, and <c>~learned</c> for times that are learned from steps.
/// </summary>
/// <param name="Name">As it is written.</param>
/// <param name="Placement">Name of the placement policy, with <c>+session</c>, <c>+burst</c> and <c>+pools</c>.</param>
/// <param name="Controller">How caps are set, for a promise; null for what goes with the placement policy.</param>
/// <param name="Without">The term that is left out, or null.</param>
/// <param name="Belief">What it believes of the devices.</param>
/// <param name="LengthFactor">Believed over true lengths of answers.</param>
/// <param name="Parks">Whether servers that are not needed are parked and switched off.</param>
public sealed record StudyPolicy(
    string Name, string Placement, Func<ServiceLevel, IPowerController>? Controller, string? Without, ProfileBelief Belief, double LengthFactor, bool Parks = false)
{
    private static readonly string[] Terms = ["energy", "power", "kv", "latency", "overlap", "stall", "recompute", "moves"];
    private static readonly string[] Errors = ["times", "power", "idle", "curve", "length"];

    /// <summary>Whether it is one that others have: what a gain is measured against.</summary>
    public bool IsBaseline => !Parks && !Placement.StartsWith(PowerAwarePolicy.PolicyName, StringComparison.Ordinal);

    /// <summary>What a call that waits has to save to move; 0 for never.</summary>
    public double MoveMargin => Without == "moves" ? 0 : DeviceExits.DefaultMargin;

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">The message says what is known.</exception>
    public static StudyPolicy Parse(string name)
    {
        var beliefs = name.Split('~');
        var words = beliefs[0].Split('+');
        var placement = LabPolicies.Names.Where(known => words[0].StartsWith(known, StringComparison.Ordinal)).MaxBy(static known => known.Length)
            ?? throw Unknown(name);
        string? without = null;
        if (words[0].Length > placement.Length)
        {
            without = words[0][placement.Length..] is ['-', .. var term] && placement == PowerAwarePolicy.PolicyName && Terms.Contains(term) ? term : throw Unknown(name);
        }

        var policy = new StudyPolicy(name, placement, null, without, ProfileBelief.Exact, 1);
        foreach (var word in words[1..])
        {
            policy = word switch
            {
                "uniform" => policy with { Controller = static _ => new UniformCaps() },
                "efficient" => policy with { Controller = static level => new EfficientCaps(EfficientCapsOptions.For(level)) },
                "park" => policy with { Parks = true },
                ['p', 'o', 'o', 'l', 's', ':', .. var pools] when ContextPools.Parse(pools) is not null && !policy.Placement.EndsWith(LabPolicies.Burst, StringComparison.Ordinal) =>
                    policy with { Placement = $"{policy.Placement}+{word}" },
                "session" or "burst" when !policy.Placement.EndsWith(LabPolicies.Burst, StringComparison.Ordinal) => policy with { Placement = $"{policy.Placement}+{word}" },
                _ => throw Unknown(name),
            };
        }

        foreach (var belief in beliefs[1..])
        {
            policy = policy.Believing(belief) ?? throw Unknown(name);
        }

        return policy;
    }

    /// <summary>The weights without the term that is left out.</summary>
    public PowerWeights Weigh(PowerWeights weights) => Without switch
    {
        "energy" => weights with { Energy = 0 },
        "power" => weights with { Power = 0 },
        "kv" => weights with { Kv = 0 },
        "latency" => weights with { Latency = 0 },
        "stall" => weights with { Stall = 0 },
        "recompute" => weights with { Recompute = 0 },
        "overlap" => weights with { Overlap = false },
        _ => weights,
    };

    private StudyPolicy? Believing(string belief)
    {
        if (belief == "learned")
        {
            return this with { Belief = Belief with { IsLearned = true } };
        }

        if (belief.Split(':') is not [var what, var text]
            || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var factor) || factor is not (> 0 and <= 10))
        {
            return null;
        }

        return what switch
        {
            "times" => this with { Belief = Belief with { Times = factor } },
            "power" => this with { Belief = Belief with { Power = factor } },
            "idle" => this with { Belief = Belief with { Idle = factor } },
            "curve" => this with { Belief = Belief with { Curve = factor } },
            "length" => this with { LengthFactor = factor },
            _ => null,
        };
    }

    private static FormatException Unknown(string name) => new(
        $"'{name}' is no policy: use {string.Join(", ", LabPolicies.Names)}, with +uniform or +efficient for other caps, +session or +burst for what other front ends do, +pools:POSITIONS:SHARE for short calls on a share of the devices and long ones on the rest, +park for servers that are switched off, "
        + $"{PowerAwarePolicy.PolicyName}-TERM, where TERM is {string.Join(", ", Terms)}, and ~WHAT:X for a belief that is X times the truth (above 0, at most 10), "
        + $"where WHAT is {string.Join(", ", Errors)}, or ~learned.");
}
