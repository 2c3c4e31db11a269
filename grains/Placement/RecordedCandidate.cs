using Crescent.Control.Placement;

namespace Crescent.Grains.Placement;

/// <summary>A device before a decision; single precision, since some hundred thousand are kept.</summary>
internal struct RecordedCandidate
{
    public string Device;
    public PlacementGate Gate;
    public int CachedTokens;
    public bool IsForeseen;
    public float Wait;
    public float Pace;
    public float Energy;
    public float Power;
    public float Memory;
    public float Harm;
    public float TtftSeconds;
    public float ItlSeconds;
    public float Joules;
    public float Watts;

    /// <summary>The sum of the terms.</summary>
    public readonly double Score => (double)Wait + Pace + Energy + Power + Memory + Harm;
}
