using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Products of packed matrices with rows of halves.</summary>
internal static class ProductChecks
{
    private const int Warps = 8;

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. Packing.All.SelectMany(static packing => packing.Products.Select(product => new KernelCheck(
            $"{product.Kernel} of {packing.Type}", (gpu, random) => Run(gpu, random, packing, product)))),
    ];

    private static double Run(Gpu gpu, Random random, Packing packing, (string Kernel, int Eights, int TileRowsOfWarp) product)
    {
        var length = Math.Max(GgmlTypes.BlockLength(packing.Type), 8);
        var columns = length * random.Next(1, Math.Max(2, 700 / length));
        var rows = random.Next(1, 90);
        var block = product.Eights * 8;
        var count = random.Next(1, (2 * block) + 1);
        var shares = 1 << random.Next(4);
        var accumulate = random.Next(2);
        var alpha = random.Next(2) == 0 ? 1f : 0.37f;
        var tensor = RandomTensor.Of(packing.Type, rows, columns, random);
        using var packed = packing.Repack(gpu, tensor.Bytes, rows, columns);

        // Rows of x beyond the count are anything, here NaN: they must not get into another's sums.
        var steps = Packing.Steps(columns);
        var ldx = (steps * Packing.TileColumns) + (random.Next(2) * 8);
        var x = new Half[(count + block - 1) / block * block * ldx];
        Array.Fill(x, Half.NaN);
        for (var row = 0; row < count; row++)
        {
            x.AsSpan(row * ldx, ldx).Clear();
            KernelCheck.Halves(KernelCheck.Normal(random, columns)).CopyTo(x.AsSpan(row * ldx));
        }

        var ldy = rows + random.Next(20);
        var before = KernelCheck.Normal(random, count * ldy);
        using var input = gpu.Upload<Half>(x);
        using var output = gpu.Upload<float>(before);
        var tileRows = (rows + Packing.TileRows - 1) / Packing.TileRows;
        var rowsOfBlock = Warps / shares * product.TileRowsOfWarp;
        gpu.Launch(
            packing.File, product.Kernel, ((tileRows + rowsOfBlock - 1) / rowsOfBlock, (count + block - 1) / block), Warps * 32, packed, input, output, rows, count,
            steps, ldx, ldy, shares, alpha, accumulate);
        var y = gpu.Download<float>(output.Address, before.Length);
        var expected = new double[count * rows];
        var actual = new float[count * rows];
        for (var n = 0; n < count; n++)
        {
            for (var m = 0; m < rows; m++)
            {
                double sum = 0;
                for (var k = 0; k < columns; k++)
                    sum += (double)tensor.Values[(m * columns) + k] * (double)x[(n * ldx) + k];
                expected[(n * rows) + m] = (alpha * sum) + (accumulate * before[(n * ldy) + m]);
                actual[(n * rows) + m] = y[(n * ldy) + m];
            }

            KernelCheck.Require(
                y.AsSpan((n * ldy) + rows, ldy - rows).SequenceEqual(before.AsSpan((n * ldy) + rows, ldy - rows)), $"{product.Kernel} wrote beyond a row of y");
        }

        // Weights are rounded to halves once or twice.
        return KernelCheck.Near($"{rows} by {columns}, {count} rows, {shares} shares, alpha {alpha}, accumulate {accumulate}", expected, actual, 1.5e-3);
    }
}
