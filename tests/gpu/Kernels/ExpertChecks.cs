using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Products of experts with the rows of their pairs.</summary>
internal static class ExpertChecks
{
    private const int Warps = 8;

    // A type of each format: how others are packed is checked elsewhere.
    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. Packing.All.Where(static packing => packing.Type is GgmlType.F16 or GgmlType.Q8_0 or GgmlType.Q4_0 or GgmlType.Q4_K or GgmlType.Q5_K or GgmlType.Q6_K or GgmlType.MXFP4)
            .SelectMany(static packing => new[] { 8, 16, 32 }.SelectMany(rows => new[] { false, true }.Select(gated => new KernelCheck(
                $"experts_{packing.Name}_{(gated ? "gated_" : "")}{rows} of {packing.Type}", (gpu, random) => Run(gpu, random, packing, rows, gated))))),
    ];

    private static double Run(Gpu gpu, Seeded random, Packing packing, int rowsOfWork, bool gated)
    {
        const float Factor = 0.37f;
        var length = Math.Max(GgmlTypes.BlockLength(packing.Type), 8);
        var columns = length * random.Next(1, Math.Max(2, 400 / length));
        var rows = Packing.TileRows * random.Next(1, 5);
        int experts = random.Next(1, 6), used = random.Next(1, experts + 1), tokens = random.Next(1, 30), shares = 1 << random.Next(4);
        var matrices = gated ? 2 : 1;
        var tensor = RandomTensor.Of(packing.Type, matrices * rows * experts, columns, random);
        using var packed = packing.Repack(gpu, tensor.Bytes, matrices * rows * experts, columns);

        // Gate and up read a row of each token, down one of each pair.
        var chosen = MixtureChecks.RandomChoices(random, tokens, experts, used);
        var (order, starts) = MixtureChecks.Sorted(chosen, experts);
        var works = MixtureChecks.Works(starts, rowsOfWork, random.Next(3));
        var share = gated ? used : 1;
        var (steps, ldx) = (Packing.Steps(columns), Packing.Steps(columns) * Packing.TileColumns);
        var x = new Half[chosen.Length / share * ldx];
        for (var row = 0; row < x.Length / ldx; row++)
            KernelCheck.Halves(KernelCheck.Normal(random, columns, gated ? 3 / Math.Sqrt(columns) : 1)).CopyTo(x.AsSpan(row * ldx));
        var ldy = rows + (8 * random.Next(3));
        var activation = KernelCheck.Activation(random);
        float[]?[] biases = [.. Enumerable.Range(0, matrices).Select(_ => random.Next(3) == 0 ? null : KernelCheck.Normal(random, experts * rows, 2))];
        using var input = gpu.Upload<Half>(x);
        using var workList = gpu.Upload<int>(works);
        using var orders = gpu.Upload<int>(order);
        using var bias = biases[0] is null ? null : gpu.Upload<float>(biases[0]);
        using var upBias = biases[^1] is null ? null : gpu.Upload<float>(biases[^1]);
        using var output = gpu.Allocate((gated ? 2L : 4L) * chosen.Length * ldy);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        var rowsOfBlock = Warps / shares;
        object?[] ending = gated ? [(int)activation, bias, upBias] : [bias];
        gpu.Launch(
            $"experts_{packing.Name}.cu", $"experts_{packing.Name}_{(gated ? "gated_" : "")}{rowsOfWork}", (((rows / Packing.TileRows) + rowsOfBlock - 1) / rowsOfBlock, works.Length / 4),
            Warps * 32,
            [packed, input, output, workList, orders, share, packing.Bytes(matrices * rows, columns), rows, steps, ldx, ldy, shares, Factor, .. ending]);
        var y = gated ? KernelCheck.Floats(gpu.Download<Half>(output.Address, chosen.Length * ldy)) : gpu.Download<float>(output.Address, chosen.Length * ldy);
        var expected = new double[chosen.Length * rows];
        var actual = new float[chosen.Length * rows];
        for (var pair = 0; pair < chosen.Length; pair++)
        {
            for (var m = 0; m < rows; m++)
            {
                expected[(pair * rows) + m] = gated
                    ? Factor * KernelCheck.Gated(activation, Product(m) + Bias(0, m), Product(rows + m) + Bias(1, m))
                    : (Factor * Product(m)) + Bias(0, m);
                actual[(pair * rows) + m] = y[(pair * ldy) + m];
            }

            KernelCheck.Require(y.AsSpan((pair * ldy) + rows, ldy - rows).ToArray().All(float.IsNaN), "more than a row was written");

            double Bias(int matrix, int row) => biases[matrix]?[(chosen[pair] * rows) + row] ?? 0;

            double Product(int row)
            {
                double sum = 0;
                for (var k = 0; k < columns; k++)
                    sum += (double)tensor.Values[(((chosen[pair] * matrices * rows) + row) * columns) + k] * (double)x[(pair / share * ldx) + k];
                return sum;
            }
        }

        return KernelCheck.Near($"{rows} by {columns}, {tokens} tokens, {experts} experts, {used} used, {shares} shares", expected, actual, gated ? 5e-3 : 1.5e-3);
    }
}
