namespace Crescent.Client.Load.Draws;

/// <summary>
/// Random numbers that hang on a seed, a purpose and a number alone. Whoever draws for call 17 draws the same, whichever worker it is and whatever was drawn
/// before: no two workers share a stream, and none repeats another's.
/// </summary>
internal struct SeededStream
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong _state;

    /// <param name="seed">Of the run.</param>
    /// <param name="purpose">What is drawn.</param>
    /// <param name="number">For which call, session or connection.</param>
    public SeededStream(long seed, DrawPurpose purpose, long number) =>
        _state = Mix(Mix(Mix((ulong)seed + Step) ^ ((ulong)purpose + 1)) ^ (ulong)number);

    /// <summary>The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).</summary>
    public static ulong Mix(ulong value)
    {
        value += Step;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var value = Mix(_state);
        _state += Step;
        return value;
    }

    /// <summary>Above 0 and below 1.</summary>
    public double Uniform() => ((Next() >> 11) + 0.5) * (1.0 / (1UL << 53));

    /// <summary>Exponential with mean 1.</summary>
    public double Exponential() => -Math.Log(Uniform());

    /// <summary>Normal with mean 0 and standard deviation 1.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    /// <summary>Gamma with mean 1 (Marsaglia and Tsang, 2000).</summary>
    /// <param name="shape">Above 0; the coefficient of variation is one over its root.</param>
    public double Gamma(double shape)
    {
        // A shape below 1 is one above it, thinned.
        var thinned = shape < 1 ? Math.Pow(Uniform(), 1 / shape) : 1;
        var d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = Normal();
            var v = 1 + (c * x);
            if (v > 0 && Math.Log(Uniform()) < (0.5 * x * x) + (d * (1 - (v * v * v) + Math.Log(v * v * v))))
            {
                return thinned * d * v * v * v / shape;
            }
        }
    }
}
