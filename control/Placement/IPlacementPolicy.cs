namespace Crescent.Control.Placement;

/// <summary>
/// Decides which device takes a call. A pure function: the same call and view give the same decision, in the live cluster as in
/// simulation. It allocates nothing, and holds to the gates of <see cref="FactoryView.Gate"/>.
/// </summary>
public interface IPlacementPolicy
{
    /// <summary>Its name in the configuration.</summary>
    string Name { get; }

    /// <summary>What the terms of its scores are, in their order, each with its unit.</summary>
    IReadOnlyList<string> TermNames { get; }

    /// <summary>
    /// Whether what was placed here and is in no report yet stands for what other front ends have placed meanwhile: they see the same devices and choose as this one does.
    /// </summary>
    bool CountsOthers => false;

    /// <summary>Chooses a device of <paramref name="view"/> for <paramref name="call"/>, or none when all gates are closed.</summary>
    PlacementDecision Choose(in PlacementCall call, FactoryView view);

    /// <summary>The points of one device, whatever its gate.</summary>
    PlacementTerms Score(in PlacementCall call, FactoryView view, int device);
}
