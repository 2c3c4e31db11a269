using Crescent.Engine.Model.Layers;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>The kernels of <c>layers.cu</c> that gate what is between matrices, against plain arithmetic.</summary>
internal static class GateChecks
{
    private const string File = "layers.cu";

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        new("gate_product", static (gpu, random) => GateProduct(gpu, random, KernelCheck.Activation(random))),
        new("gate_product without a gate", static (gpu, random) => GateProduct(gpu, random, FeedForwardActivation.SquaredRelu)), new("gate_halves", GateHalves), new("gate_heads", GateHeads),
        new("share_rows", ShareRows), new("scale_rows", ScaleRows),
    ];

    private static double GateProduct(Gpu gpu, Seeded random, FeedForwardActivation activation)
    {
        int columns = random.Next(1, 700), rows = random.Next(1, 10), ldo = (columns + 63) / 64 * 64, ld = 2 * columns;
        var factor = 0.5f;
        var gateAndUp = KernelCheck.Normal(random, rows * ld, 2);
        using var input = gpu.Upload<float>(gateAndUp);
        using var output = gpu.Allocate(2L * rows * ldo);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "gate_product", ((ldo + 127) / 128, rows), 128, input, input.Address + (4ul * (ulong)columns), ld, output, columns, ldo, factor, (int)activation);
        var expected = new double[rows * ldo];
        for (var row = 0; row < rows; row++)
        {
            for (var c = 0; c < columns; c++)
            {
                double gate = gateAndUp[(row * ld) + c], up = gateAndUp[(row * ld) + columns + c];
                expected[(row * ldo) + c] = KernelCheck.Gated(activation, gate, up) * factor;
            }
        }

        return KernelCheck.Near($"{rows} rows of {columns}, {activation}", expected, KernelCheck.Floats(gpu.Download<Half>(output.Address, rows * ldo)), 1e-3);
    }

    private static double GateHalves(Gpu gpu, Seeded random)
    {
        int columns = 8 * random.Next(1, 90), rows = random.Next(1, 10), ldo = (columns + 63) / 64 * 64, ld = 2 * columns;
        var (factor, activation) = (0.5f, KernelCheck.Activation(random));
        var gateAndUp = KernelCheck.Halves(KernelCheck.Normal(random, rows * ld, 2));
        (gateAndUp[0], gateAndUp[1]) = (Half.NegativeInfinity, Half.PositiveInfinity);
        using var input = gpu.Upload<Half>(gateAndUp);
        using var output = gpu.Allocate(2L * rows * ldo);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "gate_halves", (((ldo / 8) + 63) / 64, rows), 64, input, input.Address + (2ul * (ulong)columns), ld, output, columns, ldo, factor, (int)activation);
        var expected = new double[rows * ldo];
        for (var i = 0; i < expected.Length; i++)
        {
            var (row, c) = (i / ldo, i % ldo);
            if (c < columns)
            {
                double gate = Finite(gateAndUp[(row * ld) + c]), up = Finite(gateAndUp[(row * ld) + columns + c]);
                expected[i] = Math.Clamp(KernelCheck.Gated(activation, gate, up) * factor, -65504, 65504);
            }
        }

        // The two that were infinite are greater than all others together.
        var actual = KernelCheck.Floats(gpu.Download<Half>(output.Address, rows * ldo));
        var error = KernelCheck.Near($"{activation} of infinities", expected[..2], actual[..2], 1e-3);
        return Math.Max(error, KernelCheck.Near($"{rows} rows of {columns}, {activation}", expected[2..], actual[2..], 1e-3));

        static double Finite(Half value) => Math.Clamp((double)value, -65504, 65504);
    }

    private static double GateHeads(Gpu gpu, Seeded random)
    {
        int columns = random.Next(1, 700), rows = random.Next(1, 10), ldx = (columns + 63) / 64 * 64, ld = columns + random.Next(9);
        var x = KernelCheck.Halves(KernelCheck.Normal(random, rows * ldx));
        var gates = KernelCheck.Normal(random, rows * ld, 3);
        using var values = gpu.Upload<Half>(x);
        using var input = gpu.Upload<float>(gates);
        gpu.Launch(File, "gate_heads", ((columns + 127) / 128, rows), 128, values, ldx, input, ld, columns);
        var expected = x.Select((v, i) => i % ldx < columns ? (double)v / (1 + Math.Exp(-gates[(i / ldx * ld) + (i % ldx)])) : (double)v).ToArray();
        return KernelCheck.Near($"{rows} rows of {columns}", expected, KernelCheck.Floats(gpu.Download<Half>(values.Address, x.Length)), 1e-3);
    }

    private static double ScaleRows(Gpu gpu, Seeded random)
    {
        int rows = random.Next(1, 10), ld = 64 * random.Next(1, 9);
        var x = KernelCheck.Halves(KernelCheck.Normal(random, rows * ld));
        var factors = KernelCheck.Normal(random, rows);
        using var input = gpu.Upload<Half>(x);
        using var factorsOnDevice = gpu.Upload<float>(factors);
        using var output = gpu.Allocate(2L * x.Length);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "scale_rows", ((ld + 127) / 128, rows), 128, input, factorsOnDevice, output, ld);
        var expected = x.Select((v, i) => (double)v * factors[i / ld]).ToArray();
        return KernelCheck.Near($"{rows} rows of {ld}", expected, KernelCheck.Floats(gpu.Download<Half>(output.Address, x.Length)), 1e-3);
    }

    private static double ShareRows(Gpu gpu, Seeded random)
    {
        int columns = random.Next(1, 700), hidden = 64 * random.Next(1, 5), rows = random.Next(1, 10), ldx = (columns + 63) / 64 * 64;
        var x = KernelCheck.Halves(KernelCheck.Normal(random, rows * ldx));
        var share = KernelCheck.Normal(random, columns, 2 / Math.Sqrt(columns));
        var values = KernelCheck.Halves(KernelCheck.Normal(random, rows * hidden));
        using var input = gpu.Upload<Half>(x);
        using var shares = gpu.Upload<float>(share);
        using var target = gpu.Upload<Half>(values);
        gpu.Launch(File, "share_rows", (rows, 1), 32 * random.Next(1, 9), input, ldx, shares, columns, target, hidden);
        var expected = values.Select((v, i) => (double)v / (1 + Math.Exp(-Enumerable.Range(0, columns).Sum(c => (double)x[(i / hidden * ldx) + c] * share[c])))).ToArray();
        return KernelCheck.Near($"{rows} rows of {columns}", expected, KernelCheck.Floats(gpu.Download<Half>(target.Address, values.Length)), 1e-3);
    }
}
