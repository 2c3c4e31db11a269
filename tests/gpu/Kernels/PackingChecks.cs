using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Weights as a file has them, repacked and read back by rows.</summary>
internal static class PackingChecks
{
    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. Packing.All.Select(static packing => new KernelCheck($"repack and gather_rows of {packing.Type}", (gpu, random) => Run(gpu, random, packing))),
        .. Packing.All.Select(static packing => new KernelCheck($"unpack_{packing.Name} of {packing.Type}", (gpu, random) => Unpack(gpu, random, packing))),
    ];

    // Scales are halves on the device; those of the K types are products of two numbers, and BF16 and F32 weights lose digits.
    private static double Tolerance(GgmlType type) => type is GgmlType.F16 or GgmlType.Q8_0 or GgmlType.Q4_0 or GgmlType.Q4_1 or GgmlType.Q5_1 or GgmlType.MXFP4 ? 1e-7 : 1e-3;

    private static double Run(Gpu gpu, Random random, Packing packing)
    {
        var length = GgmlTypes.BlockLength(packing.Type);
        var columns = length == 1 ? random.Next(1, 300) : length * random.Next(1, 640 / length);
        if (length == 1)
            columns = (columns + 7) / 8 * 8;
        var rows = random.Next(1, 60);
        var tensor = RandomTensor.Of(packing.Type, rows, columns, random);

        // A GPU's share of the columns may begin within a block, and lie in several places.
        var (all, unit) = (columns, length == 1 ? 8 : 32);
        var skipped = random.Next(2) * random.Next(all / unit) * unit;
        var run = random.Next(2) == 0 ? all - skipped : random.Next(1, ((all - skipped) / unit) + 1) * unit;
        var apart = run + (random.Next(3) * unit);
        columns = (((all - skipped - run) / apart) + 1) * run;
        int[] places = [.. Enumerable.Range(0, columns).Select(column => skipped + (column / run * apart) + (column % run))];
        using var packed = packing.Repack(gpu, tensor.Bytes, rows, columns, skipped, run, apart);

        // Some of the rows are of tokens that have just been drawn.
        var drawn = Enumerable.Range(0, rows).Select(_ => random.Next(rows)).ToArray();
        var ids = Enumerable.Range(0, rows + 5).Select(i => i < rows ? i : ~random.Next(rows)).ToArray();
        var (stride, scale) = (columns + random.Next(0, 40), random.Next(2) == 0 ? 1 : 8.5f);
        using var idsOnDevice = gpu.Upload<int>(ids);
        using var drawnOnDevice = gpu.Upload<int>([.. drawn.SelectMany(static id => new[] { id, -1 })]);
        using var output = gpu.Allocate(4L * ids.Length * stride);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch("repack.cu", "gather_rows", (ids.Length, 1), 32 * random.Next(1, 5), packed, packing.Format, Packing.Steps(columns), columns, idsOnDevice, drawnOnDevice, output, stride,
            scale);
        var values = gpu.Download<float>(output.Address, ids.Length * stride);
        var expected = new List<double>();
        var actual = new List<float>();
        for (var i = 0; i < ids.Length; i++)
        {
            var row = ids[i] < 0 ? drawn[~ids[i]] : ids[i];
            expected.AddRange(places.Select(place => (double)tensor.Values[(row * all) + place] * scale));
            actual.AddRange(values.AsSpan(i * stride, columns));
            KernelCheck.Require(values.AsSpan((i * stride) + columns, stride - columns).ToArray().All(float.IsNaN), "gather_rows wrote beyond a row's columns");
        }

        return KernelCheck.Near($"{rows} rows of {columns}", expected, actual, Tolerance(packing.Type));
    }

    // A range of whole tile rows as plain halves; what the matrix lacks of them are zeros.
    private static double Unpack(Gpu gpu, Random random, Packing packing)
    {
        var length = Math.Max(GgmlTypes.BlockLength(packing.Type), 8);
        var columns = length * random.Next(1, Math.Max(2, 640 / length));
        var rows = random.Next(1, 90);
        var tensor = RandomTensor.Of(packing.Type, rows, columns, random);
        using var packed = packing.Repack(gpu, tensor.Bytes, rows, columns);
        var (steps, all) = (Packing.Steps(columns), (rows + Packing.TileRows - 1) / Packing.TileRows);
        var first = random.Next(all);
        var count = random.Next(1, all - first + 1);
        var width = steps * Packing.TileColumns;
        using var output = gpu.Allocate(2L * count * Packing.TileRows * width);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(packing.File, $"unpack_{packing.Name}", (((count * steps) + 31) / 32, 1), 256, packed, output, first, count, steps);
        var values = KernelCheck.Floats(gpu.Download<Half>(output.Address, count * Packing.TileRows * width));
        var expected = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (row, column) = ((first * Packing.TileRows) + (i / width), i % width);
            if (row < rows && column < columns)
                expected[i] = tensor.Values[(row * columns) + column];
        }

        return KernelCheck.Near($"tile rows {first} to {first + count - 1} of {rows} rows of {columns}", expected, values, 1.5e-3);
    }
}
