namespace Crescent.Control.Placement;

/// <summary>
/// The points of a device for a call; the lowest sum wins. What each stands for is the policy's <see cref="IPlacementPolicy.TermNames"/>;
/// those that a policy does not use are 0.
/// </summary>
/// <param name="First">Waiting: time to the first token, queue, prefill.</param>
/// <param name="Second">Speed: time between tokens, decode load.</param>
/// <param name="Third">Energy.</param>
/// <param name="Fourth">Power.</param>
/// <param name="Fifth">Memory.</param>
/// <param name="Sixth">Harm to others.</param>
public readonly record struct PlacementTerms(double First, double Second = 0, double Third = 0, double Fourth = 0, double Fifth = 0, double Sixth = 0)
{
    /// <summary>The score.</summary>
    public double Score => First + Second + Third + Fourth + Fifth + Sixth;

    /// <summary>The term at <paramref name="index"/>, 0 to 5.</summary>
    public double this[int index] => index switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        3 => Fourth,
        4 => Fifth,
        5 => Sixth,
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "There are six terms, 0 to 5."),
    };
}
