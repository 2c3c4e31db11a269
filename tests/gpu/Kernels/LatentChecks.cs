using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>The kernels of <c>latent.cu</c>, what stands between the products of latent attention, against plain arithmetic.</summary>
internal static class LatentChecks
{
    private const string File = "latent.cu";
    private const int Value = 512, MostTurning = 64, Row = Value + MostTurning, Warps = 4;

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        new("latent_rows", static (gpu, random) => Math.Max(Rows(gpu, random, hasQuery: true), Rows(gpu, random, hasQuery: false))), new("halve_parts", HalveParts),
        new("latent_queries", Queries), new("order_heads", OrderHeads),
    ];

    private static double Rows(Gpu gpu, Seeded random, bool hasQuery)
    {
        const float Epsilon = 1e-5f;
        int tokens = random.Next(1, 12), rank = 8 * random.Next(1, 65), half = random.Next(1, 33), interleaved = random.Next(2), queryRank = hasQuery ? random.Next(1, 300) : 0;
        int ldDown = (queryRank + 63) / 64 * 64, ld = (hasQuery ? queryRank : random.Next(300)) + rank + (2 * half), blockCount = 2;
        long layer = 2L * 16 * Row, blockBytes = 3 * layer, offset = layer * random.Next(3);
        var projected = KernelCheck.Normal(random, tokens * ld, 3);
        var (queryGain, gain) = (KernelCheck.Normal(random, Math.Max(1, queryRank)), KernelCheck.Normal(random, rank));
        var turns = Turns(random, tokens * half);
        var cells = Enumerable.Range(0, blockCount * 16).OrderBy(_ => random.Next()).Take(tokens).ToArray();
        using var input = gpu.Upload<float>(projected);
        using var queryGains = gpu.Upload<float>(queryGain);
        using var gains = gpu.Upload<float>(gain);
        using var turnsOnDevice = gpu.Upload<float>(turns);
        using var cellsOnDevice = gpu.Upload<int>(cells);
        using var down = gpu.Allocate(2L * Math.Max(1, tokens * ldDown));
        using var blocks = gpu.Allocate(blockBytes * blockCount);
        gpu.Fill(down.Address, 0xff, down.Bytes);
        gpu.Fill(blocks.Address, 0, blocks.Bytes);
        gpu.Launch(
            File, "latent_rows", (tokens, 1), 32 * random.Next(1, 9), input, ld, queryRank, queryGains, down, ldDown, rank, gains, turnsOnDevice, 2 * half, interleaved, cellsOnDevice, blocks,
            blockBytes, offset, Epsilon);
        var (expectedDown, expected) = (new double[tokens * ldDown], new double[blocks.Bytes / 2]);
        for (var token = 0; token < tokens; token++)
        {
            var row = projected.AsSpan(token * ld, ld);
            Normalise(row[..queryRank], queryGain, expectedDown.AsSpan(token * ldDown));
            var cell = expected.AsSpan((int)(((cells[token] / 16 * blockBytes) + offset) / 2) + (cells[token] % 16 * Row), Row);
            Normalise(row[^(rank + (2 * half))..^(2 * half)], gain, cell);
            Turn(row[^(2 * half)..], turns.AsSpan(token * half * 2), interleaved, 1, cell[Value..]);
        }

        var error = KernelCheck.Near($"rows of {rank} and {2 * half}", expected, KernelCheck.Floats(gpu.Download<Half>(blocks.Address, expected.Length)), 1e-3);
        return hasQuery ? Math.Max(error, KernelCheck.Near($"{queryRank} values of queries", expectedDown, KernelCheck.Floats(gpu.Download<Half>(down.Address, expectedDown.Length)), 1e-3)) : error;

        static void Normalise(ReadOnlySpan<float> x, float[] gain, Span<double> to)
        {
            var squares = 0.0;
            foreach (var v in x)
                squares += (double)v * v;
            for (var i = 0; i < x.Length; i++)
                to[i] = x[i] / Math.Sqrt((squares / x.Length) + Epsilon) * gain[i];
        }
    }

    private static double HalveParts(Gpu gpu, Seeded random)
    {
        int each = random.Next(1, 5), tokens = random.Next(1, 8), columns = random.Next(1, 200), size = columns + random.Next(30), ld = (each * size) + random.Next(9), ldy = (columns + 63) / 64 * 64;
        var x = KernelCheck.Normal(random, tokens * ld);
        x[0] = 1e6f;
        using var input = gpu.Upload<float>(x);
        using var output = gpu.Allocate(2L * tokens * each * ldy);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(File, "halve_parts", (tokens * each, (ldy + 63) / 64), 64, input, ld, each, size, output, columns, ldy);
        var expected = new double[tokens * each * ldy];
        for (var i = 0; i < expected.Length; i++)
        {
            var (row, column) = (i / ldy, i % ldy);
            expected[i] = column < columns ? x[(row / each * ld) + (row % each * size) + column] : 0;
        }

        // The first is as large as a half can be.
        var actual = KernelCheck.Floats(gpu.Download<Half>(output.Address, expected.Length));
        KernelCheck.Require(actual[0] == 65504, $"halve_parts made {actual[0]} of 1e6");
        return KernelCheck.Near($"{tokens} times {each} rows of {columns}", expected[1..], actual[1..], 1e-3);
    }

    private static double Queries(Gpu gpu, Seeded random)
    {
        const float Scale = 0.17f;
        int tokens = random.Next(1, 6), heads = random.Next(1, 8), rank = 8 * random.Next(1, 65), half = random.Next(1, 33), plain = 8 * random.Next(1, 9), interleaved = random.Next(2);
        var (full, ld) = (plain + (2 * half), (heads * (plain + (2 * half))) + random.Next(50));
        var (products, x, turns) = (KernelCheck.Normal(random, tokens * heads * rank), KernelCheck.Normal(random, tokens * ld), Turns(random, tokens * half));
        using var productsOnDevice = gpu.Upload<float>(products);
        using var input = gpu.Upload<float>(x);
        using var turnsOnDevice = gpu.Upload<float>(turns);
        using var output = gpu.Allocate(2L * tokens * heads * Row);
        gpu.Fill(output.Address, 0xff, output.Bytes);
        gpu.Launch(
            File, "latent_queries", (tokens, (heads + Warps - 1) / Warps), Warps * 32, productsOnDevice, input, ld, turnsOnDevice, output, heads, rank, plain, 2 * half, interleaved, Scale);
        var expected = new double[tokens * heads * Row];
        for (var pair = 0; pair < tokens * heads; pair++)
        {
            var token = pair / heads;
            var to = expected.AsSpan(pair * Row, Row);
            for (var i = 0; i < rank; i++)
                to[i] = products[(pair * rank) + i] * (double)Scale;
            Turn(x.AsSpan((token * ld) + (pair % heads * full) + plain, 2 * half), turns.AsSpan(token * half * 2), interleaved, Scale, to[Value..]);
        }

        return KernelCheck.Near($"{heads} heads of {rank} and {2 * half}", expected, KernelCheck.Floats(gpu.Download<Half>(output.Address, expected.Length)), 1e-3);
    }

    private static double OrderHeads(Gpu gpu, Seeded random)
    {
        int tokens = random.Next(1, 70), heads = random.Next(1, 8), rows = 8 << random.Next(3), worksOfHead = (tokens + rows - 1) / rows;
        using var order = gpu.Allocate(4L * tokens * heads);
        using var works = gpu.Allocate(16L * heads * worksOfHead);
        gpu.Launch(File, "order_heads", (((tokens * heads) + 63) / 64, 1), 64, order, works, tokens, heads, rows);
        var (pairs, found) = (gpu.Download<int>(order.Address, tokens * heads), gpu.Download<int>(works.Address, 4 * heads * worksOfHead));
        KernelCheck.Require(pairs.SequenceEqual(Enumerable.Range(0, heads).SelectMany(head => Enumerable.Range(0, tokens).Select(token => (token * heads) + head))), "pairs are not in the order of heads");

        // Works have all pairs of their heads, each once, in order.
        var next = 0;
        for (var i = 0; i < heads * worksOfHead; i++)
        {
            var (head, first, count) = (found[i * 4], found[(i * 4) + 1], found[(i * 4) + 2]);
            KernelCheck.Require(first == next && count >= 1 && count <= rows, $"work {i} is {count} from {first} on");
            KernelCheck.Require(Enumerable.Range(first, count).All(at => pairs[at] % heads == head), $"work {i} is not all head {head}'s");
            next += count;
        }

        KernelCheck.Require(next == tokens * heads, $"works have {next} of {tokens * heads} pairs");
        return 0;
    }

    private static float[] Turns(Random random, int count) => [.. KernelCheck.Normal(random, count, 10).SelectMany(static a => new[] { (float)Math.Cos(a), (float)Math.Sin(a) })];

    private static void Turn(ReadOnlySpan<float> x, ReadOnlySpan<float> turns, int interleaved, double scale, Span<double> to)
    {
        var half = x.Length / 2;
        for (var i = 0; i < half; i++)
        {
            var (a, b) = interleaved == 1 ? (2 * i, (2 * i) + 1) : (i, i + half);
            double cosine = turns[2 * i], sine = turns[(2 * i) + 1];
            (to[a], to[b]) = (((x[a] * cosine) - (x[b] * sine)) * scale, ((x[b] * cosine) + (x[a] * sine)) * scale);
        }
    }
}
