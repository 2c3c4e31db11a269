namespace Crescent.Engine.Sampling;

/// <summary>
/// Random numbers by counter: a pure function of a seed and a position. The mixing is that of SplitMix64 (Steele, Lea, Flood:
/// Fast Splittable Pseudorandom Number Generators, OOPSLA 2014), applied to the seed and then to seed and position together.
/// </summary>
public static class CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>A number in [0, 1).</summary>
    public static double NextUniform(ulong seed, long position) => (Bits(seed, position) >> 11) * (1.0 / (1UL << 53));

    /// <summary>64 random bits.</summary>
    public static ulong Bits(ulong seed, long position) => Mix(Mix(seed + Golden) + (Golden * (ulong)(position + 1)));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
