namespace Crescent.Control.Placement;

/// <summary>
/// The points of a device for a call; the lowest sum wins. What each stands for is the policy's <see cref="IPlacementPolicy.TermNames"/>;
/// those that a policy does not use are 0.
/// </summary>
/// <param name="Wait">Time to the first token, queue, prefill.</param>
/// <param name="Pace">Time between tokens, decode load.</param>
/// <param name="Energy">Energy.</param>
/// <param name="Power">Power.</param>
/// <param name="Memory">Memory.</param>
/// <param name="Harm">Harm to others.</param>
public readonly record struct PlacementTerms(double Wait, double Pace = 0, double Energy = 0, double Power = 0, double Memory = 0, double Harm = 0)
{
    /// <summary>The score.</summary>
    public double Score => Wait + Pace + Energy + Power + Memory + Harm;

    /// <summary>The term at <paramref name="index"/>, 0 to 5.</summary>
    public double this[int index] => index switch
    {
        0 => Wait,
        1 => Pace,
        2 => Energy,
        3 => Power,
        4 => Memory,
        5 => Harm,
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "There are six terms, 0 to 5."),
    };
}
