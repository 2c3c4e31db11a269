using System.Runtime.InteropServices;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Attention over paged keys and values, in one part and in several that are joined; over all positions or a window, with sinks or without.</summary>
internal static class AttentionChecks
{
    private const int Slots = 16;

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. new Form[]
        {
            new("attention.cu", "attend", "64", 64, 64), new("attention.cu", "attend", "128", 128, 128), new("attention.cu", "attend", "256", 256, 256),
            new("attention_wide.cu", "wide_attend", "512", 512, 512), new("attention_wide.cu", "wide_attend", "latent", 576, 512),
        }.SelectMany(static form => new KernelCheck[]
        {
            new($"{form.Name}_{form.Suffix}", (gpu, random) => Run(gpu, random, form, several: false)), new($"{form.Name}_parts_{form.Suffix}", (gpu, random) => Run(gpu, random, form, several: true)),
        }),
    ];

    // Plain, with sinks, with a window, with both.
    private static double Run(Gpu gpu, Random random, Form form, bool several) => Enumerable.Range(0, 4).Max(
        kind => Run(gpu, random, form, several ? random.Next(1, 4) : 0, kind < 2 ? int.MaxValue : random.Next(2) == 0 ? random.Next(1, 16) : random.Next(16, 130), kind % 2 == 1));

    private static double Run(Gpu gpu, Random random, Form form, int parts, int window, bool hasSinks)
    {
        int kvHeads = random.Next(1, 3), group = random.Next(5) == 0 ? random.Next(17, 20) : random.Next(1, 9), heads = kvHeads * group;
        int padded = form.Key, size = form.Value - (random.Next(2) * 8 * random.Next(1, 5)), turning = 8 * random.Next(1, 9);
        long layer = (form.Apart ? 2L : 1L) * kvHeads * Slots * padded * 2, blockBytes = 2 * layer, offset = layer * random.Next(2);
        var sequences = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Before: random.Next(0, 90), New: random.Next(3) == 0 ? random.Next(2, 40) : 1)).ToArray();
        var sinks = hasSinks ? KernelCheck.Normal(random, heads, 2) : null;
        var blockCount = sequences.Sum(static s => (s.Before + s.New + Slots - 1) / Slots) + 2;
        var free = new Queue<int>(Enumerable.Range(0, blockCount).OrderBy(_ => random.Next()));

        // Cells that no sequence has written are NaN: none may be looked at, but for those beyond a sequence's end in its last block, which are finite. Nor may blocks
        // behind a window, which their sequence has given back.
        var cache = new Half[blockBytes * blockCount / 2];
        Array.Fill(cache, Half.NaN);
        var tokens = sequences.Sum(static s => s.New);
        var queries = new Half[tokens * heads * padded];
        var tables = new List<int>();
        var works = new List<Work>();
        var expected = new double[tokens * heads * size];
        var (first, partialRows, slots) = (0, 0, 0);
        foreach (var (before, count) in sequences)
        {
            var end = before + count;
            var own = Enumerable.Range(0, (end + Slots - 1) / Slots).Select(_ => free.Dequeue()).ToArray();
            var kept = First(before) / Slots;
            var table = tables.Count - kept;
            tables.AddRange(own[kept..]);
            foreach (var block in own[kept..])
            {
                var at = (int)(((block * blockBytes) + offset) / 2);
                cache.AsSpan(at, (int)(layer / 2)).Clear();
                for (var row = 0; row < layer / padded / 2; row++)
                    Fill(cache.AsSpan(at + (row * padded), padded), 1);
            }

            for (var token = 0; token < count; token++)
            {
                for (var head = 0; head < heads; head++)
                    Fill(queries.AsSpan((((first + token) * heads) + head) * padded, padded), form.Value < 512 ? 0.3 : 0.1);
            }

            AddWorks(works, first, count, before, table, Math.Max(1, 16 / Math.Min(16, group)), parts, First, ref partialRows, ref slots);
            for (var token = 0; token < count; token++)
            {
                for (var head = 0; head < heads; head++)
                    Reference(head, before + token, queries.AsSpan((((first + token) * heads) + head) * padded, padded), expected.AsSpan((((first + token) * heads) + head) * size, size), own);
            }

            first += count;
        }

        var ldo = (heads * size) + (random.Next(2) * 64);
        using var q = gpu.Upload<Half>(queries);
        using var blocks = gpu.Upload<Half>(cache);
        using var tablesOnDevice = gpu.Upload<int>(CollectionsMarshal.AsSpan(tables));
        using var worksOnDevice = gpu.Upload<Work>(CollectionsMarshal.AsSpan(works));
        using var sinksOnDevice = sinks is null ? null : gpu.Upload<float>(sinks);
        using var output = gpu.Allocate(2L * tokens * ldo);
        using var values = gpu.Allocate(4L * Math.Max(1, partialRows) * heads * form.Value);
        using var sums = gpu.Allocate(8L * Math.Max(1, partialRows) * heads);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Fill(values.Address, 0xff, values.Bytes);
        gpu.Fill(sums.Address, 0xff, sums.Bytes);
        var groups = kvHeads * ((group + 15) / 16);
        using var counters = gpu.Allocate(4L * slots * groups);
        gpu.Fill(counters.Address, 0, counters.Bytes);
        if (parts == 0)
        {
            gpu.Launch(
                form.File, $"{form.Name}_{form.Suffix}", (form.Value < 512 ? (works.Count + 3) / 4 : works.Count, groups), 128, q, blocks, blockBytes, offset, tablesOnDevice, worksOnDevice, works.Count, output, ldo, heads, kvHeads, size,
                window, sinksOnDevice);
        }
        else
        {
            // Twice: counters are as they were.
            for (var i = 0; i < 2; i++)
            {
                gpu.Launch(
                    form.File, $"{form.Name}_parts_{form.Suffix}", (works.Count, groups), 128, q, blocks, blockBytes, offset, tablesOnDevice, worksOnDevice, works.Count, output, ldo, values, sums, counters,
                    heads, kvHeads, size, window, sinksOnDevice);
            }

            KernelCheck.Require(gpu.Download<int>(counters.Address, slots * groups).All(static count => count == 0), "attend_parts left a counter");
        }

        var result = KernelCheck.Floats(gpu.Download<Half>(output.Address, tokens * ldo));
        var actual = new float[expected.Length];
        for (var token = 0; token < tokens; token++)
            result.AsSpan(token * ldo, heads * size).CopyTo(actual.AsSpan(token * heads * size));
        return KernelCheck.Near($"{heads} heads of {size} on {kvHeads}, {tokens} tokens of {sequences.Length} sequences, {parts} parts, window {window}, sinks {hasSinks}", expected, actual, 2e-3);

        int First(int position) => Math.Max(0, position - window + 1);

        // A row of a head, or of a latent, whose turning part is behind what its value has room for.
        void Fill(Span<Half> row, double deviation)
        {
            KernelCheck.Halves(KernelCheck.Normal(random, size, deviation)).CopyTo(row);
            if (!form.Apart)
                KernelCheck.Halves(KernelCheck.Normal(random, turning, deviation)).CopyTo(row[form.Value..]);
        }

        void Reference(int head, int position, ReadOnlySpan<Half> query, Span<double> to, int[] own)
        {
            var first = First(position);
            var weights = new double[position + 1];
            for (var p = first; p <= position; p++)
            {
                var key = Row(own, 0, head / group, p);
                for (var i = 0; i < query.Length; i++)
                    weights[p] += (double)query[i] * (double)key[i];
            }

            // The device's queries carry log2 e.
            var most = weights[first..].Max();
            var total = sinks is null ? 0.0 : Math.Pow(2, (sinks[head] * Math.Log2(Math.E)) - most);
            for (var p = first; p <= position; p++)
                total += weights[p] = Math.Pow(2, weights[p] - most);
            for (var p = first; p <= position; p++)
            {
                var value = Row(own, 1, head / group, p);
                for (var i = 0; i < to.Length; i++)
                    to[i] += weights[p] / total * (double)value[i];
            }
        }

        Span<Half> Row(int[] own, int kind, int kvHead, int position) => cache.AsSpan(
            (int)(((own[position / Slots] * blockBytes) + offset) / 2) + ((((((form.Apart ? kind : 0) * kvHeads) + kvHead) * Slots) + (position % Slots)) * padded), padded);
    }

    // Neighbouring tokens share a work; where there are several parts, each looks at a range of positions. One with nothing to do is among them.
    private static void AddWorks(List<Work> works, int first, int count, int before, int table, int together, int parts, Func<int, int> firstSeen, ref int partialRows,
        ref int slots)
    {
        for (var token = 0; token < count; token += together)
        {
            var some = Math.Min(together, count - token);
            var end = before + token + some;
            var begin = firstSeen(before + token) / Slots;
            var blocks = ((end + Slots - 1) / Slots) - begin;
            var ranges = Math.Clamp(parts, 1, blocks);
            for (var part = 0; part < ranges; part++)
            {
                var (from, to) = ((begin + (blocks * part / ranges)) * Slots, Math.Min(end, (begin + (blocks * (part + 1) / ranges)) * Slots));
                works.Add(new Work(first + token, some, before + token, table, from, to, partialRows + (part * some), slots, part, ranges));
            }

            partialRows += some * ranges;
            slots++;
        }

        if (parts > 0)
            works.Add(default);
    }

    /// <param name="File">Source.</param>
    /// <param name="Name">What its kernels' names begin with.</param>
    /// <param name="Suffix">What they end with.</param>
    /// <param name="Key">Columns of a key as it lies.</param>
    /// <param name="Value">Columns of a value; fewer where values are the first columns of keys.</param>
    private sealed record Form(string File, string Name, string Suffix, int Key, int Value)
    {
        /// <summary>Whether values lie behind keys.</summary>
        public bool Apart => Key == Value;
    }

    /// <summary>As <c>attention.cuh</c> has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Work(
        int Token, int Tokens, int Position, int Table, int Begin, int End, int Partial, int Slot, int Part, int Parts, int Unused = 0, int More = 0);
}
