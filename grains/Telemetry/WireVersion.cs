namespace Crescent.Grains.Telemetry;

/// <summary>
/// Of what silos send each other. Members may be added to any type without another version: one that does not know them passes over them, and one that
/// misses them takes their defaults. A change of what is there is another version, and a silo of another version is none that calls are sent to.
/// </summary>
public static class WireVersion
{
    /// <summary>Of this silo.</summary>
    public const int Current = 1;
}
