using Crescent.Engine.Model.Layers;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Compares a kernel with plain arithmetic over one random shape.</summary>
/// <param name="Name">For a human and a test's name.</param>
/// <param name="Run">Gives the greatest relative error that it found; throws <see cref="CheckFailedException"/> where that is too much.</param>
internal sealed record KernelCheck(string Name, Func<Gpu, Seeded, double> Run)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<KernelCheck> All { get; } = [.. PackingChecks.All, .. ProductChecks.All, .. LayerChecks.All, .. GateChecks.All, .. PerLayerChecks.All, .. StateChecks.All, .. AttentionChecks.All, .. DecodeAttentionChecks.All, .. LatentChecks.All, .. MixtureChecks.All, .. ExpertChecks.All, .. PeerChecks.All, .. SamplingChecks.All];

    public override string ToString() => Name;

    /// <summary>‖actual - expected‖ / ‖expected‖ of what must be near; NaN never is.</summary>
    public static double Near(string what, IReadOnlyList<double> expected, IReadOnlyList<float> actual, double tolerance)
    {
        if (expected.Count != actual.Count)
            throw new CheckFailedException($"{what}: {actual.Count} values instead of {expected.Count}");
        double difference = 0, size = 0;
        for (var i = 0; i < expected.Count; i++)
        {
            var d = actual[i] - expected[i];
            difference += d * d;
            size += expected[i] * expected[i];
        }

        var error = Math.Sqrt(difference) / Math.Max(Math.Sqrt(size), 1e-30);
        if (error <= tolerance)
            return error;
        var worst = Enumerable.Range(0, expected.Count).MaxBy(i => double.IsNaN(actual[i]) ? double.MaxValue : Math.Abs(actual[i] - expected[i]));
        throw new CheckFailedException(
            $"{what}: relative error {error:g3}, more than {tolerance:g3}; value {worst} of {expected.Count} is {actual[worst]:g6} instead of {expected[worst]:g6}");
    }

    /// <summary>What must be so.</summary>
    public static void Require(bool condition, string what)
    {
        if (!condition)
            throw new CheckFailedException(what);
    }

    /// <summary>What is between the matrices of a feed-forward part, of each of the functions that kernels have.</summary>
    public static double Gated(FeedForwardActivation activation, double gate, double up) => activation switch
    {
        FeedForwardActivation.GeGlu => gate / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (gate + (0.044715 * gate * gate * gate)))) * up,
        FeedForwardActivation.ClampedSwiGlu => Math.Min(gate, 7) / (1 + Math.Exp(-1.702 * Math.Min(gate, 7))) * (Math.Clamp(up, -7, 7) + 1),
        FeedForwardActivation.SquaredRelu => Math.Max(up, 0) * Math.Max(up, 0),
        _ => gate / (1 + Math.Exp(-gate)) * up,
    };

    /// <summary>One of those functions; three neighbouring shapes have all.</summary>
    public static FeedForwardActivation Activation(Seeded random) => (FeedForwardActivation)(random.Seed % 3);

    /// <summary>How many values of a head turn, even: all, some or none; three neighbouring shapes have each.</summary>
    public static int Turning(Seeded random, int size) => (random.Seed % 3) switch
    {
        0 => 2 * random.Next(1, size / 2),
        1 => size,
        _ => 0,
    };

    /// <summary>Standard-normal numbers.</summary>
    public static float[] Normal(Random random, int count, double deviation = 1)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }

    /// <summary>The nearest halves.</summary>
    public static Half[] Halves(ReadOnlySpan<float> values)
    {
        var halves = new Half[values.Length];
        for (var i = 0; i < halves.Length; i++)
            halves[i] = (Half)values[i];
        return halves;
    }

    /// <summary>As floats.</summary>
    public static float[] Floats(ReadOnlySpan<Half> halves)
    {
        var values = new float[halves.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)halves[i];
        return values;
    }
}
