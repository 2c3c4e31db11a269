namespace Crescent.GpuCheck.Kernels;

/// <summary>Random numbers that say where they began, for choices of which neighbouring shapes are to have each.</summary>
/// <param name="seed">Where they begin; 1 and up.</param>
internal sealed class Seeded(int seed) : Random(seed)
{
    /// <summary>Where they began.</summary>
    public int Seed { get; } = seed;
}
