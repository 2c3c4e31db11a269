using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Products of packed matrices with rows of halves.</summary>
internal static class ProductChecks
{
    private const int Warps = 8;

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. Packing.All.SelectMany(static packing => new[] { 32, 64 }.Select(count => new KernelCheck(
            $"wide_{packing.Name}_{count} of {packing.Type}", (gpu, random) => RunWide(gpu, random, packing, count)))),
        .. Packing.All.SelectMany(static packing => packing.Products.Select(product => new KernelCheck(
            $"{product.Kernel} of {packing.Type}", (gpu, random) => Run(gpu, random, packing, product)))),
        .. Packing.All.SelectMany(static packing => packing.Gated.Select(product => new KernelCheck(
            $"{product.Kernel} of {packing.Type}", (gpu, random) => RunGated(gpu, random, packing, product)))),
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

    // Two matrices one under the other, a function of the first times the second.
    private static double RunGated(Gpu gpu, Seeded random, Packing packing, (string Kernel, int Eights) product)
    {
        const float Factor = 0.25f;
        var activation = KernelCheck.Activation(random);
        var length = Math.Max(GgmlTypes.BlockLength(packing.Type), 8);
        var columns = length * random.Next(1, Math.Max(2, 700 / length));
        var rows = Packing.TileRows * random.Next(1, 6);
        var block = product.Eights * 8;
        var count = random.Next(1, block + 1);
        var shares = 1 << random.Next(4);
        var tensor = RandomTensor.Of(packing.Type, 2 * rows, columns, random);
        using var packed = packing.Repack(gpu, tensor.Bytes, 2 * rows, columns);
        var (steps, ldx) = (Packing.Steps(columns), Packing.Steps(columns) * Packing.TileColumns);
        var x = new Half[block * ldx];
        Array.Fill(x, Half.NaN);
        for (var row = 0; row < count; row++)
        {
            x.AsSpan(row * ldx, ldx).Clear();
            KernelCheck.Halves(KernelCheck.Normal(random, columns, 3 / Math.Sqrt(columns))).CopyTo(x.AsSpan(row * ldx));
        }

        var ldo = rows + (8 * random.Next(3));
        using var input = gpu.Upload<Half>(x);
        using var output = gpu.Allocate(2L * count * ldo);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        var tileRowsOfBlock = Warps / shares;
        gpu.Launch(
            packing.File, product.Kernel, (((rows / Packing.TileRows) + tileRowsOfBlock - 1) / tileRowsOfBlock, 1), Warps * 32, packed, input, output, rows, count, steps,
            ldx, ldo, shares, Factor, (int)activation);
        var y = KernelCheck.Floats(gpu.Download<Half>(output.Address, count * ldo));
        var expected = new double[count * rows];
        var actual = new float[count * rows];
        for (var n = 0; n < count; n++)
        {
            for (var m = 0; m < rows; m++)
            {
                double gate = 0, up = 0;
                for (var k = 0; k < columns; k++)
                {
                    gate += (double)tensor.Values[(m * columns) + k] * (double)x[(n * ldx) + k];
                    up += (double)tensor.Values[((rows + m) * columns) + k] * (double)x[(n * ldx) + k];
                }

                expected[(n * rows) + m] = KernelCheck.Gated(activation, gate, up) * Factor;
                actual[(n * rows) + m] = y[(n * ldo) + m];
            }

            KernelCheck.Require(y.AsSpan((n * ldo) + rows, ldo - rows).ToArray().All(float.IsNaN), $"{product.Kernel} wrote beyond a row");
        }

        return KernelCheck.Near($"{rows} by {columns}, {count} rows, {shares} shares, {activation}", expected, actual, 5e-3);
    }

    // By warp groups, in one part or in several that stand beside each other. A GPU that has none has nothing to check.
    private static double RunWide(Gpu gpu, Random random, Packing packing, int block)
    {
        if (gpu.Architecture != 90)
            return 0;
        const int RowsOfBlock = 256;
        var length = Math.Max(GgmlTypes.BlockLength(packing.Type), 8);
        var columns = length * random.Next(1, Math.Max(2, 900 / length));
        var (rows, count, alpha, accumulate) = (random.Next(1, 300), random.Next(1, 80), 0.37f, random.Next(2));
        var tensor = RandomTensor.Of(packing.Type, rows, columns, random);
        using var packed = packing.Repack(gpu, tensor.Bytes, rows, columns);
        var steps = Packing.Steps(columns);
        var ldx = steps * Packing.TileColumns;
        var parts = Math.Min((steps + 1) / 2, random.Next(1, 4));
        var x = new Half[count * ldx];
        for (var row = 0; row < count; row++)
            KernelCheck.Halves(KernelCheck.Normal(random, columns)).CopyTo(x.AsSpan(row * ldx));
        var before = KernelCheck.Normal(random, parts * count * rows);
        using var input = gpu.Upload<Half>(x);
        using var output = gpu.Upload<float>(before);
        gpu.Launch(
            $"wide_{packing.Name}.cu", $"wide_{packing.Name}_{block}", ((rows + RowsOfBlock - 1) / RowsOfBlock, (count + block - 1) / block, parts), 512, packed, input, output, rows, count, steps, ldx,
            rows, alpha, accumulate);
        var y = gpu.Download<float>(output.Address, before.Length);
        var expected = new double[count * rows];
        var actual = new float[count * rows];
        for (var i = 0; i < expected.Length; i++)
        {
            for (var k = 0; k < columns; k++)
                expected[i] += (double)tensor.Values[(i % rows * columns) + k] * (double)x[(i / rows * ldx) + k] * alpha;
            for (var part = 0; part < parts; part++)
            {
                expected[i] += accumulate * before[(part * count * rows) + i];
                actual[i] += y[(part * count * rows) + i];
            }
        }

        return KernelCheck.Near($"{rows} by {columns}, {count} rows, {parts} parts, accumulate {accumulate}", expected, actual, 1.5e-3);
    }
}
