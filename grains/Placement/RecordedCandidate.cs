using Crescent.Control.Placement;

namespace Crescent.Grains.Placement;

/// <summary>A device before a decision; single precision, since some hundred thousand are kept.</summary>
internal struct RecordedCandidate
{
    public string Device;
    public PlacementGate Gate;
    public int CachedTokens;
    public bool IsForeseen;
    public float First;
    public float Second;
    public float Third;
    public float Fourth;
    public float Fifth;
    public float Sixth;
    public float TtftSeconds;
    public float ItlSeconds;
    public float Joules;
    public float Watts;
}
