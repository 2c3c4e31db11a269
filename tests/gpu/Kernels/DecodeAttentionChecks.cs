using System.Runtime.InteropServices;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Attention of one new token of each of several sequences, which turns queries and stores keys and values by itself.</summary>
internal static class DecodeAttentionChecks
{
    private const int Slots = 16, WorkInts = 12;
    private const float Epsilon = 1e-6f, Scale = 0.21f;

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. new[] { 64, 128, 256 }.Select(static padded => new KernelCheck($"attend_decode_{padded}", (gpu, random) => Run(gpu, random, padded))),
    ];

    // Plain, with sinks, with a window, with both.
    private static double Run(Gpu gpu, Seeded random, int padded) =>
        Enumerable.Range(0, 4).Max(kind => Run(gpu, random, padded, kind < 2 ? int.MaxValue : random.Next(1, 100), kind % 2 == 1));

    private static double Run(Gpu gpu, Seeded random, int padded, int window, bool hasSinks)
    {
        int kvHeads = random.Next(1, 3), group = random.Next(5) == 0 ? random.Next(17, 20) : random.Next(1, 9), heads = kvHeads * group, all = heads + (2 * kvHeads);
        int size = padded - (random.Next(2) * 8 * random.Next(1, 5)), half = KernelCheck.Turning(random, size) / 2, interleaved = random.Next(2), groups = kvHeads * ((group + 15) / 16);
        long layer = 2L * kvHeads * Slots * padded * 2, blockBytes = 2 * layer, offset = layer * random.Next(2);
        var positions = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(0, 150)).ToArray();
        var blockCount = positions.Sum(static position => (position / Slots) + 1);
        var free = new Queue<int>(Enumerable.Range(0, blockCount).OrderBy(_ => random.Next()));
        var cache = new Half[blockBytes * blockCount / 2];
        for (var row = 0; row < cache.Length / padded; row++)
            KernelCheck.Halves(KernelCheck.Normal(random, size)).CopyTo(cache.AsSpan(row * padded));
        var ld = (all * size) + random.Next(9);
        var qkv = KernelCheck.Normal(random, positions.Length * ld, 1.5);
        var bias = random.Next(2) == 0 ? null : KernelCheck.Normal(random, all * size);
        var norms = random.Next(2) == 0 ? null : KernelCheck.Normal(random, 2 * size);
        var turns = KernelCheck.Normal(random, positions.Length * half, 10).SelectMany(static a => new[] { (float)Math.Cos(a), (float)Math.Sin(a) }).ToArray();
        var temperatures = random.Next(2) == 0 ? null : positions.Select(_ => 1 + (float)random.NextDouble()).ToArray();
        var (tables, works, cells, expected) = (new List<int>(), new List<int>(), new List<int>(), new double[positions.Length * heads * size]);
        var (partials, token) = (0, 0);
        var stored = (Half[])cache.Clone();
        var sinks = hasSinks ? KernelCheck.Normal(random, heads, 2) : null;
        foreach (var position in positions)
        {
            var own = Enumerable.Range(0, (position / Slots) + 1).Select(_ => free.Dequeue()).ToArray();
            int kept = First(position) / Slots, looked = own.Length - kept, parts = random.Next(1, Math.Min(4, looked + 1));
            for (var part = 0; part < parts; part++)
            {
                int from = (kept + (looked * part / parts)) * Slots, to = Math.Min(position + 1, (kept + (looked * (part + 1) / parts)) * Slots);
                works.AddRange([token, 1, position, tables.Count - kept, from, to, partials + part, token, part, parts, 0, 0]);
            }

            // Blocks behind the window are another's by now.
            tables.AddRange(own[kept..]);
            cells.Add((own[^1] * Slots) + (position % Slots));
            partials += parts;
            for (var kvHead = 0; kvHead < kvHeads; kvHead++)
            {
                Halves(Turned(token, heads + kvHead, size, 1)).CopyTo(Row(stored, own, 0, kvHead, position));
                Halves(Biased(token, heads + kvHeads + kvHead)).CopyTo(Row(stored, own, 1, kvHead, position));
                for (var head = kvHead * group; head < (kvHead + 1) * group; head++)
                    Attend(Halves(Turned(token, head, 0, Scale * (double)(temperatures?[token] ?? 1))), own, head, position, expected.AsSpan(((token * heads) + head) * size, size));
            }

            token++;
        }

        using var inputs = gpu.Upload<float>(qkv);
        using var biases = bias is null ? null : gpu.Upload<float>(bias);
        using var queryNorm = norms is null ? null : gpu.Upload<float>(norms.AsSpan(0, size));
        using var keyNorm = norms is null ? null : gpu.Upload<float>(norms.AsSpan(size));
        using var factors = temperatures is null ? null : gpu.Upload<float>(temperatures);
        using var turnsOnDevice = gpu.Upload<float>(turns);
        using var cellsOnDevice = gpu.Upload<int>(CollectionsMarshal.AsSpan(cells));
        using var blocks = gpu.Upload<Half>(cache);
        using var tablesOnDevice = gpu.Upload<int>(CollectionsMarshal.AsSpan(tables));
        using var worksOnDevice = gpu.Upload<int>(CollectionsMarshal.AsSpan(works));
        using var sinksOnDevice = sinks is null ? null : gpu.Upload<float>(sinks);
        using var output = gpu.Allocate(2L * positions.Length * heads * size);
        using var values = gpu.Allocate(4L * partials * heads * padded);
        using var sums = gpu.Allocate(8L * partials * heads);
        using var counters = gpu.Allocate(4L * positions.Length * groups);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Fill(counters.Address, 0, counters.Bytes);
        gpu.Launch(
            "attention.cu", $"attend_decode_{padded}", (works.Count / WorkInts, groups), 128, inputs, ld, biases, queryNorm, keyNorm, turnsOnDevice, cellsOnDevice, blocks, blockBytes, offset,
            tablesOnDevice, worksOnDevice, works.Count / WorkInts, output, heads * size, values, sums, counters, heads, kvHeads, size, 2 * half, interleaved, Epsilon, Scale, factors, window,
            sinksOnDevice);
        var error = KernelCheck.Near(
            $"{heads} heads of {size} on {kvHeads}, positions {string.Join(' ', positions)}, window {window}, sinks {hasSinks}", expected, KernelCheck.Floats(gpu.Download<Half>(output.Address, expected.Length)), 2e-3);
        var found = KernelCheck.Floats(gpu.Download<Half>(blocks.Address, stored.Length));
        return Math.Max(error, KernelCheck.Near("keys and values", [.. stored.Select(static v => (double)v)], found, 1e-3));

        Span<Half> Row(Half[] from, int[] own, int kind, int kvHead, int position) => from.AsSpan(
            (int)(((own[position / Slots] * blockBytes) + offset) / 2) + (((((kind * kvHeads) + kvHead) * Slots) + (position % Slots)) * padded), padded);

        double[] Biased(int of, int head) => [.. Enumerable.Range(0, size).Select(i => qkv[(of * ld) + (head * size) + i] + (double)(bias?[(head * size) + i] ?? 0))];

        double[] Turned(int of, int head, int norm, double factor)
        {
            var v = Biased(of, head);
            if (norms is not null)
            {
                var rms = 1 / Math.Sqrt((v.Sum(static a => a * a) / size) + Epsilon);
                v = [.. v.Select((a, i) => a * rms * norms[norm + i])];
            }

            for (var i = 2 * half; i < size; i++)
                v[i] *= factor;
            for (var i = 0; i < half; i++)
            {
                var (a, b) = interleaved == 1 ? (2 * i, (2 * i) + 1) : (i, i + half);
                double cosine = turns[((of * half) + i) * 2], sine = turns[(((of * half) + i) * 2) + 1];
                (v[a], v[b]) = (((v[a] * cosine) - (v[b] * sine)) * factor, ((v[b] * cosine) + (v[a] * sine)) * factor);
            }

            return v;
        }

        int First(int position) => Math.Max(0, position - window + 1);

        void Attend(Half[] query, int[] own, int head, int position, Span<double> to)
        {
            var first = First(position);
            var weights = new double[position + 1];
            for (var p = first; p <= position; p++)
            {
                var key = Row(stored, own, 0, head / group, p);
                for (var i = 0; i < size; i++)
                    weights[p] += (double)query[i] * (double)key[i];
            }

            var most = weights[first..].Max();
            var total = sinks is null ? 0.0 : Math.Pow(2, (sinks[head] * Math.Log2(Math.E)) - most);
            for (var p = first; p <= position; p++)
                total += weights[p] = Math.Pow(2, weights[p] - most);
            for (var p = first; p <= position; p++)
            {
                var value = Row(stored, own, 1, head / group, p);
                for (var i = 0; i < size; i++)
                    to[i] += weights[p] / total * (double)value[i];
            }
        }
    }

    private static Half[] Halves(double[] values) => [.. values.Select(static v => (Half)v)];
}
