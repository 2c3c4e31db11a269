using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>What layers are told of tokens beside the residual stream, against plain arithmetic.</summary>
internal static class PerLayerChecks
{
    private const string File = "per_layer.cu";

    public static IReadOnlyList<KernelCheck> All { get; } = [new("even_rows", EvenRows), new("tell_layers", TellLayers), new("gate_told", GateTold)];

    // Of rows of any size, one of them zeros, one beyond what halves hold.
    private static double EvenRows(Gpu gpu, Random random)
    {
        int columns = random.Next(1, 700), count = random.Next(3, 12), ldo = (columns + 63) / 64 * 64;
        var x = KernelCheck.Normal(random, count * columns);
        for (var i = 0; i < x.Length; i++)
            x[i] *= i < columns ? 0 : i < 2 * columns ? 1e6f : 1e-3f;
        using var input = gpu.Upload<float>(x);
        using var output = gpu.Allocate(2L * count * ldo);
        using var factors = gpu.Allocate(4L * count);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "even_rows", (count, 1), 32 * random.Next(1, 9), input, output, factors, columns, ldo);
        var halves = KernelCheck.Floats(gpu.Download<Half>(output.Address, count * ldo));
        var by = gpu.Download<float>(factors.Address, count);
        var error = 0.0;
        for (var row = 0; row < count; row++)
        {
            var of = halves.AsSpan(row * ldo, ldo);
            KernelCheck.Require(of[columns..].IndexOfAnyExcept(0) < 0, "even_rows left something behind a row");
            var found = of[..columns].ToArray().Select(value => value * by[row]).ToArray();
            error = Math.Max(error, KernelCheck.Near($"row {row} of {columns}", [.. x.AsSpan(row * columns, columns).ToArray().Select(static v => (double)v)], found, 1e-3));
        }

        return error;
    }

    private static double TellLayers(Gpu gpu, Seeded random)
    {
        const float Epsilon = 1e-6f;
        int layers = random.Next(1, 8), size = 16 * random.Next(1, 20), tokens = random.Next(1, 8), all = layers * size, vocabulary = random.Next(2, 60);
        var type = all % 32 == 0 && random.Seed % 3 > 0 ? random.Seed % 3 == 1 ? GgmlType.Q8_0 : GgmlType.Q5_1 : GgmlType.F16;
        var packing = Packing.All.Single(packing => packing.Type == type);
        var table = RandomTensor.Of(type, vocabulary, all, random);
        var (told, gain) = (KernelCheck.Normal(random, tokens * all, 5), KernelCheck.Normal(random, size));
        var factors = Enumerable.Range(0, tokens).Select(_ => 0.01f + (float)random.NextDouble()).ToArray();

        // Some ids are of the step before: rows of what was drawn.
        var drawn = Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? random.Next(vocabulary) : -1).ToArray();
        var ids = Enumerable.Range(0, tokens).Select(_ => random.Next(3) == 0 ? ~random.Next(4) : random.Next(vocabulary)).ToArray();
        using var packed = packing.Repack(gpu, table.Bytes, vocabulary, all);
        using var x = gpu.Upload<float>(told);
        using var gains = gpu.Upload<float>(gain);
        using var factorsOnDevice = gpu.Upload<float>(factors);
        using var idsOnDevice = gpu.Upload<int>(ids);
        using var drawnOnDevice = gpu.Upload<int>(drawn);
        const int Warps = 4;
        gpu.Launch(
            File, "tell_layers", (tokens, (layers + Warps - 1) / Warps), Warps * 32, x, factorsOnDevice, gains, packed, packing.Format, Packing.Steps(all), idsOnDevice, drawnOnDevice,
            layers, size, Epsilon);
        var expected = new double[told.Length];
        for (var i = 0; i < tokens * layers; i++)
        {
            var (token, layer) = (i / layers, i % layers);
            var row = told.AsSpan(i * size, size).ToArray().Select(v => (double)v * factors[token]).ToArray();
            var scale = 1 / Math.Sqrt((row.Sum(static v => v * v) / size) + Epsilon);
            var id = ids[token] < 0 ? drawn[2 * ~ids[token]] : ids[token];
            for (var c = 0; c < size; c++)
                expected[(i * size) + c] = ((row[c] * scale * gain[c]) + (table.Values[(id * all) + (layer * size) + c] * Math.Sqrt(size))) / Math.Sqrt(2);
        }

        return KernelCheck.Near($"{tokens} tokens, {layers} layers of {size}, {type}", expected, gpu.Download<float>(x.Address, told.Length), 1e-3);
    }

    private static double GateTold(Gpu gpu, Random random)
    {
        int columns = 16 * random.Next(1, 20), rows = random.Next(1, 10), ldo = (columns + 63) / 64 * 64, layers = random.Next(1, 4), layer = random.Next(layers), ld = layers * columns;
        var factor = 0.5f;
        var (gate, told) = (KernelCheck.Normal(random, rows * columns, 2), KernelCheck.Normal(random, rows * ld));
        var factors = Enumerable.Range(0, rows).Select(_ => 0.5f + (float)random.NextDouble()).ToArray();
        using var gates = gpu.Upload<float>(gate);
        using var factorsOnDevice = gpu.Upload<float>(factors);
        using var toldOnDevice = gpu.Upload<float>(told);
        using var output = gpu.Allocate(2L * rows * ldo);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(
            File, "gate_told", ((ldo + 127) / 128, rows), 128, gates, factorsOnDevice, toldOnDevice.Address + (4ul * (ulong)(layer * columns)), ld, output, columns, ldo, factor);
        var expected = new double[rows * ldo];
        for (var row = 0; row < rows; row++)
        {
            for (var c = 0; c < columns; c++)
                expected[(row * ldo) + c] = KernelCheck.Gated(FeedForwardActivation.GeGlu, gate[(row * columns) + c] * factors[row], told[(row * ld) + (layer * columns) + c]) * factor;
        }

        return KernelCheck.Near($"{rows} rows of {columns}", expected, KernelCheck.Floats(gpu.Download<Half>(output.Address, rows * ldo)), 1e-3);
    }
}
