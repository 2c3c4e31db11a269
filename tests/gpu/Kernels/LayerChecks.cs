using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>What stands between matrix products.</summary>
internal static class LayerChecks
{
    private const string File = "layers.cu";

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        new("rms_norm", RmsNorm), new("add_norm", AddNorm), new("rope_angles", RopeAngles), new("score_temperatures", ScoreTemperatures), new("rope_store", RopeStore), new("argmax", ArgMax),
        new("cap_logits", CapLogits),
    ];

    // Rows that a block holds and others, with a bias and without.
    private static double RmsNorm(Gpu gpu, Random random) => Enumerable.Range(0, 4).Max(kind => RmsNorm(gpu, random, isHeld: kind < 2, hasBias: kind % 2 == 0));

    private static double RmsNorm(Gpu gpu, Random random, bool isHeld, bool hasBias)
    {
        const float Epsilon = 1e-5f;
        int columns = isHeld ? 4 * random.Next(1, 61) : random.Next(1, 2000), count = random.Next(1, 20), ldo = (columns + 63) / 64 * 64, all = count + 5;
        var x = KernelCheck.Normal(random, all * columns, 3);
        var gain = KernelCheck.Normal(random, columns);
        var picked = hasBias || random.Next(2) == 0 ? null : Enumerable.Range(0, count).Select(_ => random.Next(all)).ToArray();
        var withFloats = !isHeld && random.Next(2) == 0;

        // A bias stays with the rows of x, and may be added but once.
        var bias = hasBias ? KernelCheck.Normal(random, columns) : null;
        using var xs = gpu.Upload<float>(x);
        using var gains = gpu.Upload<float>(gain);
        using var rows = picked is null ? null : gpu.Upload<int>(picked);
        using var output = gpu.Allocate(2L * count * ldo);
        using var floats = gpu.Allocate(4L * count * columns);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        using var biases = bias is null ? null : gpu.Upload<float>(bias);
        gpu.Launch(File, "rms_norm", (count, 1), 32 * random.Next(1, 9), xs, rows, gains, biases, output, withFloats ? floats : null, columns, ldo, Epsilon);
        var halves = KernelCheck.Floats(gpu.Download<Half>(output.Address, count * ldo));
        var expected = new double[count * ldo];
        for (var i = 0; bias is not null && i < count * columns; i++)
            x[i] += bias[i % columns];
        KernelCheck.Require(x.AsSpan().SequenceEqual(gpu.Download<float>(xs.Address, x.Length)), "rms_norm has not left x with its bias");
        for (var i = 0; i < count; i++)
        {
            var row = x.AsSpan((picked is null ? i : picked[i]) * columns, columns);
            double squares = 0;
            foreach (var v in row)
                squares += (double)v * v;
            var scale = 1 / Math.Sqrt((squares / columns) + Epsilon);
            for (var c = 0; c < columns; c++)
                expected[(i * ldo) + c] = row[c] * scale * gain[c];
        }

        if (withFloats)
        {
            var exact = Enumerable.Range(0, count).SelectMany(i => expected.AsSpan(i * ldo, columns).ToArray()).ToArray();
            KernelCheck.Near("floats", exact, gpu.Download<float>(floats.Address, count * columns), 1e-6);
        }

        return KernelCheck.Near($"{count} rows of {columns}", expected, halves, 1e-3);
    }

    private static double AddNorm(Gpu gpu, Random random)
    {
        const float Epsilon = 1e-5f;
        int columns = random.Next(1, 700), count = random.Next(1, 12), adds = random.Next(2);
        var factor = random.Next(2) == 0 ? 1 : 0.7f;
        var (branch, gain, before) = (KernelCheck.Normal(random, count * columns, 3), KernelCheck.Normal(random, columns), KernelCheck.Normal(random, count * columns));
        using var input = gpu.Upload<float>(branch);
        using var gains = gpu.Upload<float>(gain);
        using var x = gpu.Upload<float>(before);
        gpu.Launch(File, "add_norm", (count, 1), 32 * random.Next(1, 9), input, gains, x, columns, Epsilon, adds, factor);
        var expected = new double[before.Length];
        for (var row = 0; row < count; row++)
        {
            var squares = branch.AsSpan(row * columns, columns).ToArray().Sum(static v => (double)v * v);
            for (var c = 0; c < columns; c++)
                expected[(row * columns) + c] = ((adds * (double)before[(row * columns) + c]) + (branch[(row * columns) + c] / Math.Sqrt((squares / columns) + Epsilon) * gain[c])) * factor;
        }

        return KernelCheck.Near($"{count} rows of {columns}", expected, gpu.Download<float>(x.Address, before.Length), 1e-6);
    }

    private static double RopeAngles(Gpu gpu, Random random)
    {
        int count = random.Next(1, 40), half = random.Next(1, 65);
        var magnitude = random.Next(2) == 0 ? 1 : 1.21f;
        var positions = Enumerable.Range(0, count).Select(_ => random.Next(100_000)).ToArray();
        var frequencies = Enumerable.Range(0, half).Select(i => Math.Pow(10_000, -(double)i / half)).ToArray();
        using var positionsOnDevice = gpu.Upload<int>(positions);
        using var frequenciesOnDevice = gpu.Upload<double>(frequencies);
        using var turns = gpu.Allocate(8L * count * half);
        gpu.Fill(turns.Address, 0xff, turns.Bytes);
        gpu.Launch(File, "rope_angles", (((count * half) + 127) / 128, 1), 128, positionsOnDevice, frequenciesOnDevice, turns, count, half, magnitude);
        var expected = positions.SelectMany(p => frequencies.SelectMany(f => new[] { magnitude * Math.Cos(p * f), magnitude * Math.Sin(p * f) })).ToArray();
        return KernelCheck.Near($"{count} positions, {half} pairs", expected, gpu.Download<float>(turns.Address, 2 * count * half), 1e-6);
    }

    private static double ScoreTemperatures(Gpu gpu, Random random)
    {
        int count = random.Next(1, 300), length = random.Next(1, 9000), offset = random.Next(2);
        var positions = Enumerable.Range(0, count).Select(_ => random.Next(200_000)).ToArray();
        using var input = gpu.Upload<int>(positions);
        using var output = gpu.Allocate(4L * count);
        gpu.Launch(File, "score_temperatures", ((count + 127) / 128, 1), 128, input, output, count, length, offset, 0.1f);
        var expected = positions.Select(position => 1 + (0.1 * Math.Log(1 + ((position + offset) / length)))).ToArray();
        return KernelCheck.Near($"{count} positions, steps of {length}", expected, gpu.Download<float>(output.Address, count), 1e-6);
    }

    private static double CapLogits(Gpu gpu, Random random)
    {
        int columns = random.Next(1, 700), rows = random.Next(1, 6);
        const float Cap = 30;
        var before = KernelCheck.Normal(random, rows * columns, 25);
        (before[0], before[^1]) = (-3e38f, columns > 1 ? float.PositiveInfinity : 1);
        using var logits = gpu.Upload<float>(before);
        gpu.Launch(File, "cap_logits", ((columns + 127) / 128, rows), 128, logits, columns, Cap);
        return KernelCheck.Near($"{rows} rows of {columns}", [.. before.Select(static y => Cap * Math.Tanh(y / Cap))], gpu.Download<float>(logits.Address, before.Length), 1e-6);
    }

    // Values of their own, keys as values, normalised ones, queries alone.
    private static double RopeStore(Gpu gpu, Seeded random) =>
        new[] { (false, false, false), (false, true, false), (true, true, false), (true, false, false), (false, false, true) }.Max(form => RopeStore(gpu, random, form.Item1, form.Item2, form.Item3));

    private static double RopeStore(Gpu gpu, Seeded random, bool valuesAreKeys, bool normalises, bool queriesAlone)
    {
        int kvHeads = random.Next(1, 4), heads = kvHeads * random.Next(1, 5), size = 2 * (random.Next(2) == 0 ? random.Next(1, 65) : random.Next(65, 257)), padded = size <= 64 ? 64 : size <= 128 ? 128 : size <= 256 ? 256 : 512, half = KernelCheck.Turning(random, size) / 2;
        int tokens = random.Next(1, 12), blockCount = 4, ld = ((heads + (2 * kvHeads)) * size) + random.Next(9), interleaved = random.Next(2);
        long layer = 2L * kvHeads * 16 * padded * 2, blockBytes = 3 * layer, offset = layer * random.Next(3);
        var (scale, temperatures) = (0.21f, random.Next(2) == 0 ? null : Enumerable.Range(0, tokens).Select(_ => 1 + (float)random.NextDouble()).ToArray());
        const float Epsilon = 1e-6f;
        var qkv = KernelCheck.Normal(random, tokens * ld);
        var bias = valuesAreKeys || random.Next(2) == 0 ? null : KernelCheck.Normal(random, (heads + (2 * kvHeads)) * size);
        var norms = random.Next(2) == 0 ? null : KernelCheck.Normal(random, 2 * size);
        if (queriesAlone)
            kvHeads = 0;
        var angles = KernelCheck.Normal(random, tokens * half, 10);
        var turns = angles.SelectMany(static a => new[] { (float)Math.Cos(a), (float)Math.Sin(a) }).ToArray();
        var cells = Enumerable.Range(0, blockCount * 16).OrderBy(_ => random.Next()).Take(tokens).ToArray();
        using var qkvs = gpu.Upload<float>(qkv);
        using var biases = bias is null ? null : gpu.Upload<float>(bias);
        using var queryNorm = norms is null ? null : gpu.Upload<float>(norms.AsSpan(0, size));
        using var keyNorm = norms is null ? null : gpu.Upload<float>(norms.AsSpan(size));
        using var turnsOnDevice = gpu.Upload<float>(turns);
        using var factors = temperatures is null ? null : gpu.Upload<float>(temperatures);
        using var cellsOnDevice = gpu.Upload<int>(cells);
        using var queries = gpu.Allocate(2L * tokens * heads * padded);
        using var blocks = gpu.Allocate(blockBytes * blockCount);
        gpu.Fill(queries.Address, 0xff, queries.Bytes);
        gpu.Fill(blocks.Address, 0xff, blocks.Bytes);
        const int Warps = 4;
        gpu.Launch(
            File, "rope_store", (tokens, (heads + (2 * kvHeads) + Warps - 1) / Warps), Warps * 32, qkvs, ld, biases, queryNorm, keyNorm, turnsOnDevice, cellsOnDevice,
            queries, blocks, blockBytes, offset, heads, kvHeads, size, padded, 2 * half, interleaved, Epsilon, scale, factors,
            valuesAreKeys ? heads : heads + kvHeads, normalises ? 1 : 0);

        var expectedQueries = new double[tokens * heads * padded];
        var expectedBlocks = Enumerable.Repeat(double.NaN, (int)(blocks.Bytes / 2)).ToArray();
        for (var token = 0; token < tokens; token++)
        {
            for (var head = 0; head < heads + (2 * kvHeads); head++)
            {
                var v = Enumerable.Range(0, size).Select(i => (double)qkv[(token * ld) + (head * size) + i] + (bias?[(head * size) + i] ?? 0)).ToArray();
                Span<double> to;
                if (head < heads)
                {
                    to = expectedQueries.AsSpan(((token * heads) + head) * padded, padded);
                }
                else
                {
                    var (kind, kvHead) = head < heads + kvHeads ? (0, head - heads) : (1, head - heads - kvHeads);
                    var at = (cells[token] / 16 * blockBytes) + offset + (((((kind * kvHeads) + kvHead) * 16L) + (cells[token] % 16)) * padded * 2);
                    to = expectedBlocks.AsSpan((int)(at / 2), padded);
                    to.Clear();
                }

                if (head >= heads + kvHeads)
                {
                    var from = valuesAreKeys ? [.. Enumerable.Range(0, size).Select(i => (double)qkv[(token * ld) + ((head - kvHeads) * size) + i])] : v;
                    var by = normalises ? 1 / Math.Sqrt((from.Sum(static a => a * a) / size) + Epsilon) : 1;
                    from.Select(value => value * by).ToArray().CopyTo(to);
                    continue;
                }

                if (norms is not null)
                {
                    var rms = 1 / Math.Sqrt((v.Sum(static a => a * a) / size) + Epsilon);
                    for (var i = 0; i < size; i++)
                        v[i] *= rms * norms[(head < heads ? 0 : size) + i];
                }

                var factor = head < heads ? scale * (double)(temperatures?[token] ?? 1) : 1;
                for (var i = 2 * half; i < size; i++)
                    to[i] = v[i] * factor;
                for (var i = 0; i < half; i++)
                {
                    var (a, b) = interleaved == 1 ? (2 * i, (2 * i) + 1) : (i, i + half);
                    double cosine = turns[((token * half) + i) * 2], sine = turns[(((token * half) + i) * 2) + 1];
                    to[a] = ((v[a] * cosine) - (v[b] * sine)) * factor;
                    to[b] = ((v[b] * cosine) + (v[a] * sine)) * factor;
                }
            }
        }

        var error = KernelCheck.Near("queries", expectedQueries, KernelCheck.Floats(gpu.Download<Half>(queries.Address, expectedQueries.Length)), 1e-3);
        var stored = KernelCheck.Floats(gpu.Download<Half>(blocks.Address, expectedBlocks.Length));
        var written = Enumerable.Range(0, stored.Length).Where(i => !double.IsNaN(expectedBlocks[i])).ToArray();
        KernelCheck.Require(Enumerable.Range(0, stored.Length).All(i => double.IsNaN(expectedBlocks[i]) == float.IsNaN(stored[i])), "rope_store wrote other cells than its own");
        return Math.Max(error, KernelCheck.Near("keys and values", [.. written.Select(i => expectedBlocks[i])], [.. written.Select(i => stored[i])], 1e-3));
    }

    private static double ArgMax(Gpu gpu, Random random)
    {
        int columns = random.Next(1, 3000), rows = random.Next(1, 12);

        // Few different values: the lowest index of equal ones wins.
        var x = Enumerable.Range(0, rows * columns).Select(_ => (float)random.Next(-20, 20)).ToArray();
        if (columns > 1)
            x.AsSpan(0, columns).Fill(float.NegativeInfinity);
        var poisoned = rows > 1 ? 1 : -1;
        if (poisoned == 1)
            x[columns + random.Next(columns)] = float.NaN;
        using var input = gpu.Upload<float>(x);
        using var drawn = gpu.Allocate(8 * rows);
        gpu.Launch(File, "argmax", (rows, 1), 32 * random.Next(1, 9), input, drawn, columns);
        var pairs = gpu.Download<int>(drawn.Address, 2 * rows);
        var found = Enumerable.Range(0, rows).Select(row => pairs[2 * row]).ToArray();
        var values = Enumerable.Range(0, rows).Select(row => BitConverter.Int32BitsToSingle(pairs[(2 * row) + 1])).ToArray();
        for (var row = 0; row < rows; row++)
        {
            var of = x.AsSpan(row * columns, columns);
            if (row == poisoned)
            {
                KernelCheck.Require(float.IsNaN(values[row]), "argmax has not told of a NaN");
                continue;
            }

            var most = of[0];
            foreach (var v in of)
                most = Math.Max(most, v);
            KernelCheck.Require(found[row] == of.IndexOf(most) && values[row] == most, $"argmax of row {row} of {columns} is {found[row]} ({values[row]}) instead of {of.IndexOf(most)} ({most})");
        }

        return 0;
    }
}
