using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>The kernels of <c>states.cu</c>, and what is between matrices beside them, against plain arithmetic: sequences that begin, that go on, and that keep a state between.</summary>
internal static class StateChecks
{
    private const string File = "states.cu";
    private const int Slots = 9; // states: two for each sequence and one that none has
    private const float Epsilon = 1e-5f;

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        new("convolve", static (gpu, random) => Convolve(gpu, random, gated: false)), new("convolve_gated", static (gpu, random) => Convolve(gpu, random, gated: true)),
        new("delta_inputs", DeltaInputs), new("mamba_rates", MambaRates), new("norm_gate", NormGate), new("gated_squares", GatedSquares),
        .. new[] { 64, 128, 256 }.SelectMany(static columns => new[] { true, false }.Select(recalls => new KernelCheck($"{Name(recalls)}_{columns}", (gpu, random) => Recur(gpu, random, columns, recalls)))),
    ];

    private static string Name(bool recalls) => recalls ? "delta" : "mamba";

    // (token, tokens, slot, spare, after, fresh, 0, 0) of each.
    private static int[][] Sequences(Random random, out int tokens)
    {
        var slots = Enumerable.Range(0, Slots).OrderBy(_ => random.Next()).ToArray();
        var sequences = new int[random.Next(1, 5)][];
        tokens = 0;
        for (var i = 0; i < sequences.Length; i++)
        {
            var count = random.Next(3) == 0 ? 1 : random.Next(1, 20);
            var spared = random.Next(2) == 0;
            sequences[i] = [tokens, count, slots[2 * i], spared ? slots[(2 * i) + 1] : -1, spared ? random.Next(1, count + 1) : 1, random.Next(2), 0, 0];
            tokens += count;
        }

        return sequences;
    }

    private static double Convolve(Gpu gpu, Seeded random, bool gated)
    {
        int channels = random.Next(1, 200), kernel = random.Next(2, 6), ldo = (channels + 63) / 64 * 64, offset = random.Next(9);
        var sequences = Sequences(random, out var tokens);
        int ld = (gated ? 3 * channels : channels) + random.Next(5), stateFloats = offset + (channels * (kernel - 1)) + 3, lanes = random.Next(2) == 0 ? 32 : 128;
        var input = KernelCheck.Normal(random, tokens * ld);
        var w = KernelCheck.Normal(random, channels * kernel);
        var bias = gated || random.Next(2) == 0 ? null : KernelCheck.Normal(random, channels);
        var before = KernelCheck.Normal(random, Slots * stateFloats);
        var after = before.Select(static v => (double)v).ToArray();
        var expected = new double[tokens * (gated ? ldo : channels)];
        foreach (var s in sequences)
        {
            for (var c = 0; c < channels; c++)
            {
                // All that a channel meets: what came before, then what comes.
                var x = Enumerable.Range(0, kernel - 1).Select(j => s[5] != 0 ? 0.0 : before[(s[2] * stateFloats) + offset + (j * channels) + c])
                    .Concat(Enumerable.Range(s[0], s[1]).Select(t => (double)input[(t * ld) + c] * (gated ? input[(t * ld) + (2 * channels) + c] : 1))).ToArray();
                for (var t = 0; t < s[1]; t++)
                {
                    var sum = Enumerable.Range(0, kernel).Sum(j => w[(c * kernel) + j] * x[t + j]) + (bias?[c] ?? 0);
                    expected[((s[0] + t) * (gated ? ldo : channels)) + c] = gated ? input[((s[0] + t) * ld) + channels + c] * sum * 0.5 : sum / (1 + Math.Exp(-sum));
                }

                for (var j = 0; j < kernel - 1; j++)
                {
                    after[(s[2] * stateFloats) + offset + (j * channels) + c] = x[s[1] + j];
                    if (s[3] >= 0)
                        after[(s[3] * stateFloats) + offset + (j * channels) + c] = x[s[4] + j];
                }
            }
        }

        using var inputs = gpu.Upload<float>(input);
        using var weights = gpu.Upload<float>(w);
        using var biases = bias is null ? null : gpu.Upload<float>(bias);
        using var list = gpu.Upload<int>([.. sequences.SelectMany(static s => s)]);
        using var states = gpu.Upload<float>(before);
        using var output = gpu.Allocate(4L * expected.Length);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        var (blocks, threads) = (((gated ? ldo : channels) + lanes - 1) / lanes, lanes * random.Next(1, 5));
        if (gated)
            gpu.Launch(File, "convolve_gated", (blocks, sequences.Length), threads, inputs, ld, weights, list, states, (long)stateFloats, (long)offset, output, ldo, channels, kernel, lanes, 0.5f);
        else
            gpu.Launch(File, "convolve", (blocks, sequences.Length), threads, inputs, ld, weights, biases, list, states, (long)stateFloats, (long)offset, output, channels, kernel, lanes);
        var found = gated ? KernelCheck.Floats(gpu.Download<Half>(output.Address, expected.Length)) : gpu.Download<float>(output.Address, expected.Length);
        var error = KernelCheck.Near($"{tokens} tokens of {channels} channels, kernel {kernel}", expected, found, gated ? 1e-3 : 1e-5);
        return Math.Max(error, KernelCheck.Near("states", after, gpu.Download<float>(states.Address, before.Length), 1e-6));
    }

    private static double DeltaInputs(Gpu gpu, Seeded random)
    {
        int keyHeads = random.Next(1, 5), group = random.Next(1, 20), heads = keyHeads * group, size = 16 * random.Next(1, 9), tokens = random.Next(1, 6);
        int channels = (2 * keyHeads * size) + (heads * size), ld = (2 * heads) + random.Next(5);
        var rows = KernelCheck.Normal(random, tokens * channels);
        var raw = KernelCheck.Normal(random, tokens * ld, 3);
        var decay = KernelCheck.Normal(random, heads).Select(static v => -Math.Abs(v)).ToArray();
        var bias = KernelCheck.Normal(random, heads);
        var expected = rows.Select(static v => (double)v).ToArray();
        var rates = new double[tokens * heads * 2];
        for (var token = 0; token < tokens; token++)
        {
            for (var head = 0; head < 2 * keyHeads; head++)
            {
                var of = expected.AsSpan((token * channels) + (head * size), size);
                var length = Math.Sqrt(of.ToArray().Sum(static v => v * v));
                foreach (ref var v in of)
                    v /= Math.Max(length, Epsilon) * (head < keyHeads ? Math.Sqrt(size) : 1);
            }

            for (var head = 0; head < heads; head++)
            {
                rates[((token * heads) + head) * 2] = 1 / (1 + Math.Exp(-raw[(token * ld) + head]));
                rates[(((token * heads) + head) * 2) + 1] = Math.Exp(decay[head] * Math.Log(1 + Math.Exp(raw[(token * ld) + heads + head] + (double)bias[head])));
            }
        }

        using var x = gpu.Upload<float>(rows);
        using var raws = gpu.Upload<float>(raw);
        using var decays = gpu.Upload<float>(decay);
        using var biases = gpu.Upload<float>(bias);
        using var output = gpu.Allocate(8L * tokens * heads);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        const int Warps = 4;
        gpu.Launch(
            File, "delta_inputs", (tokens, ((2 * keyHeads) + ((heads + 31) / 32) + Warps - 1) / Warps), 32 * Warps, x, channels, keyHeads, size, raws, ld, heads, decays, biases, output, Epsilon);
        var error = KernelCheck.Near($"{tokens} tokens, {keyHeads} key heads of {size}", expected, gpu.Download<float>(x.Address, rows.Length), 1e-5);
        return Math.Max(error, KernelCheck.Near($"rates of {heads} heads", rates, gpu.Download<float>(output.Address, rates.Length), 1e-5));
    }

    private static double MambaRates(Gpu gpu, Seeded random)
    {
        int heads = random.Next(1, 200), tokens = random.Next(1, 6), ld = heads + random.Next(5);
        var raw = KernelCheck.Normal(random, tokens * ld, 3);
        var decay = KernelCheck.Normal(random, heads).Select(static v => -Math.Abs(v)).ToArray();
        var bias = KernelCheck.Normal(random, heads);
        var expected = new double[tokens * heads * 2];
        for (var i = 0; i < tokens * heads; i++)
        {
            var step = Math.Log(1 + Math.Exp(raw[(i / heads * ld) + (i % heads)] + (double)bias[i % heads]));
            (expected[2 * i], expected[(2 * i) + 1]) = (step, Math.Exp(step * decay[i % heads]));
        }

        using var raws = gpu.Upload<float>(raw);
        using var decays = gpu.Upload<float>(decay);
        using var biases = gpu.Upload<float>(bias);
        using var output = gpu.Allocate(8L * tokens * heads);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "mamba_rates", ((heads + 127) / 128, tokens), 128, raws, ld, heads, decays, biases, output);
        return KernelCheck.Near($"{tokens} tokens, {heads} heads", expected, gpu.Download<float>(output.Address, expected.Length), 1e-5);
    }

    private static double Recur(Gpu gpu, Seeded random, int most, bool recalls)
    {
        int keyHeads = random.Next(1, 3), group = random.Next(1, 3), heads = keyHeads * group, columns = most - (16 * random.Next(0, 4)), rows = random.Next(1, 80), neighbours = random.Next(2);
        int keyAt = random.Next(5), queryAt = keyAt + (keyHeads * columns), valueAt = queryAt + (keyHeads * columns), ld = valueAt + (heads * rows) + random.Next(5), ldo = (heads * rows) + random.Next(5);
        int offset = 4 * random.Next(5), stateFloats = offset + (((heads * rows * columns) + 3) / 4 * 4) + 4;
        var sequences = Sequences(random, out var tokens);
        var input = KernelCheck.Normal(random, tokens * ld, 1 / Math.Sqrt(columns));
        var rates = Enumerable.Range(0, tokens * heads).SelectMany(_ => new[] { (float)random.NextDouble(), (float)(0.5 + (random.NextDouble() / 2)) }).ToArray();
        var skip = recalls ? null : KernelCheck.Normal(random, heads);
        var before = KernelCheck.Normal(random, Slots * stateFloats);
        var after = before.Select(static v => (double)v).ToArray();
        var expected = Enumerable.Repeat(double.NaN, tokens * ldo).ToArray();
        foreach (var s in sequences)
        {
            for (var head = 0; head < heads; head++)
            {
                var keyHead = neighbours == 1 ? head / group : head % keyHeads;
                for (var row = 0; row < rows; row++)
                {
                    var at = offset + (((head * rows) + row) * columns);
                    var memory = Enumerable.Range(at, columns).Select(i => s[5] != 0 ? 0.0 : before[(s[2] * stateFloats) + i]).ToArray();
                    for (var t = 0; t < s[1]; t++)
                    {
                        var token = s[0] + t;
                        double Key(int c) => input[(token * ld) + keyAt + (keyHead * columns) + c];
                        double Query(int c) => input[(token * ld) + queryAt + (keyHead * columns) + c];
                        double value = input[(token * ld) + valueAt + (head * rows) + row], rate = rates[((token * heads) + head) * 2], decay = rates[(((token * heads) + head) * 2) + 1];
                        for (var c = 0; c < columns; c++)
                            memory[c] *= decay;
                        var moved = rate * (recalls ? value - Enumerable.Range(0, columns).Sum(c => memory[c] * Key(c)) : value);
                        for (var c = 0; c < columns; c++)
                            memory[c] += moved * Key(c);
                        expected[(token * ldo) + (head * rows) + row] = Enumerable.Range(0, columns).Sum(c => memory[c] * Query(c)) + ((skip?[head] ?? 0) * value);
                        if (s[3] >= 0 && t == s[4] - 1)
                            memory.CopyTo(after.AsSpan((s[3] * stateFloats) + at));
                    }

                    memory.CopyTo(after.AsSpan((s[2] * stateFloats) + at));
                }
            }
        }

        using var inputs = gpu.Upload<float>(input);
        using var ratesOnDevice = gpu.Upload<float>(rates);
        using var skips = skip is null ? null : gpu.Upload<float>(skip);
        using var list = gpu.Upload<int>([.. sequences.SelectMany(static s => s)]);
        using var states = gpu.Upload<float>(before);
        using var output = gpu.Allocate(4L * expected.Length);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(
            File, $"{Name(recalls)}_{most}", (heads * ((rows + 31) / 32), sequences.Length), 128, inputs, ld, keyAt, queryAt, valueAt, ratesOnDevice, skips, list, states, (long)stateFloats,
            (long)offset, output, ldo, heads, keyHeads, neighbours, rows, columns);
        var found = gpu.Download<float>(output.Address, expected.Length);
        KernelCheck.Require(Enumerable.Range(0, found.Length).All(i => double.IsNaN(expected[i]) == float.IsNaN(found[i])), "it wrote other outputs than its own");
        var written = Enumerable.Range(0, found.Length).Where(i => !double.IsNaN(expected[i])).ToArray();
        var error = KernelCheck.Near($"{tokens} tokens, {heads} heads of {rows} by {columns}", [.. written.Select(i => expected[i])], [.. written.Select(i => found[i])], 1e-5);
        return Math.Max(error, KernelCheck.Near("states", after, gpu.Download<float>(states.Address, before.Length), 1e-5));
    }

    private static double NormGate(Gpu gpu, Seeded random)
    {
        int size = random.Next(1, 300), groups = random.Next(1, 5), width = size * groups, tokens = random.Next(1, 6), ldo = (width + 63) / 64 * 64, ld = width + random.Next(5), first = random.Seed % 2;
        var x = KernelCheck.Normal(random, tokens * width);
        var gates = KernelCheck.Normal(random, tokens * ld, 2);
        var gains = KernelCheck.Normal(random, first == 1 ? width : size);
        var expected = new double[tokens * ldo];
        for (var group = 0; group < tokens * groups; group++)
        {
            var (token, at) = (group / groups, group % groups * size);
            double Gate(int i) => gates[(token * ld) + at + i] / (1 + Math.Exp(-gates[(token * ld) + at + i]));
            double Value(int i) => x[(token * width) + at + i] * (first == 1 ? Gate(i) : 1);
            var rms = Math.Sqrt((Enumerable.Range(0, size).Sum(i => Value(i) * Value(i)) / size) + Epsilon);
            for (var i = 0; i < size; i++)
                expected[(token * ldo) + at + i] = Value(i) / rms * (first == 1 ? gains[at + i] : gains[i] * Gate(i));
        }

        using var outputs = gpu.Upload<float>(x);
        using var gatesOnDevice = gpu.Upload<float>(gates);
        using var gainsOnDevice = gpu.Upload<float>(gains);
        using var output = gpu.Allocate(2L * expected.Length);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "norm_gate", (groups, tokens), 32 * random.Next(1, 5), outputs, gatesOnDevice, ld, gainsOnDevice, output, ldo, width, size, first, null, 0, size, Epsilon);
        return KernelCheck.Near($"{tokens} tokens, {groups} groups of {size}", expected, KernelCheck.Floats(gpu.Download<Half>(output.Address, expected.Length)), 1e-3);
    }

    // A group that several GPUs have parts of: each one's sum of squares, and the norm by the sum of all.
    private static double GatedSquares(Gpu gpu, Seeded random)
    {
        int parts = random.Next(2, 5), size = random.Next(1, 200), tokens = random.Next(1, 6), ldo = (size + 63) / 64 * 64, ld = size + random.Next(5), groups = random.Next(1, 6);
        int lds = (groups + 3) / 4 * 4, group = random.Next(groups);
        var (error, totals) = (0.0, new double[tokens * lds]);
        var of = Enumerable.Range(0, parts).Select(_ => (X: KernelCheck.Normal(random, tokens * size), Gates: KernelCheck.Normal(random, tokens * ld, 2), Gains: KernelCheck.Normal(random, size))).ToArray();
        double Value(int part, int token, int i) => of[part].X[(token * size) + i] * (double)of[part].Gates[(token * ld) + i] / (1 + Math.Exp(-of[part].Gates[(token * ld) + i]));
        foreach (var part in Enumerable.Range(0, parts))
        {
            var expected = new double[tokens * lds];
            for (var token = 0; token < tokens; token++)
                expected[(token * lds) + group] = Enumerable.Range(0, size).Sum(i => Value(part, token, i) * Value(part, token, i));
            using var outputs = gpu.Upload<float>(of[part].X);
            using var gates = gpu.Upload<float>(of[part].Gates);
            using var squares = gpu.Allocate(4L * expected.Length);
            gpu.Fill(squares.Address, 0xff, squares.Bytes);
            gpu.Launch(File, "gated_squares", (tokens, 1), 32 * random.Next(1, 5), outputs, gates, ld, size, squares, lds, group);
            error = Math.Max(error, KernelCheck.Near($"squares of {tokens} tokens of {size}", expected, gpu.Download<float>(squares.Address, expected.Length), 1e-5));
            for (var i = 0; i < totals.Length; i++)
                totals[i] += expected[i];
        }

        var rms = Enumerable.Range(0, tokens).Select(token => Math.Sqrt((totals[(token * lds) + group] / (parts * size)) + Epsilon)).ToArray();
        var normalised = new double[tokens * ldo];
        for (var i = 0; i < tokens * size; i++)
            normalised[(i / size * ldo) + (i % size)] = Value(0, i / size, i % size) / rms[i / size] * of[0].Gains[i % size];
        using var x = gpu.Upload<float>(of[0].X);
        using var gatesOnDevice = gpu.Upload<float>(of[0].Gates);
        using var gains = gpu.Upload<float>(of[0].Gains);
        using var sums = gpu.Upload<float>([.. totals.Skip(group).Select(static v => (float)v)]);
        using var output = gpu.Allocate(2L * normalised.Length);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "norm_gate", (1, tokens), 32 * random.Next(1, 5), x, gatesOnDevice, ld, gains, output, ldo, size, size, 1, sums, lds, parts * size, Epsilon);
        return Math.Max(error, KernelCheck.Near($"{tokens} tokens, a part of {parts} of a group", normalised, KernelCheck.Floats(gpu.Download<Half>(output.Address, normalised.Length)), 1e-3));
    }
}
