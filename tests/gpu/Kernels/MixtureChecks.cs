using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>The choice of experts, the order of pairs, and the sum of what experts gave.</summary>
internal static class MixtureChecks
{
    private const string File = "mixture.cu";
    private const int Softmax = 0, Sigmoid = 1;
    private const double LeastSum = 6.103515625e-5;

    public static IReadOnlyList<KernelCheck> All { get; } =
    [
        .. new[] { (Softmax, "softmax"), (Sigmoid, "sigmoid"), (2, "softmax of the chosen") }.Select(static gating => new KernelCheck(
            $"choose_experts by {gating.Item2}", (gpu, random) => Math.Max(Choose(gpu, random, gating.Item1, normalises: false), Choose(gpu, random, gating.Item1, normalises: true)))),
        new("choose_experts of what is no number", ChooseAmongNaNs), new("sort_pairs", Sort), new("add_experts", Add),
    ];

    /// <summary>Some of the experts of each token, each once.</summary>
    public static int[] RandomChoices(Random random, int tokens, int experts, int used)
    {
        // Some experts are liked more than others, so that some get many tokens and some none.
        var liking = Enumerable.Range(0, experts).Select(_ => random.NextDouble() * random.NextDouble()).ToArray();
        return [.. Enumerable.Range(0, tokens).SelectMany(_ => Enumerable.Range(0, experts).OrderBy(e => random.NextDouble() - (2 * liking[e])).Take(used))];
    }

    /// <summary>Pairs by expert and number, and where each expert's begin, of which there is one more.</summary>
    public static (int[] Order, int[] Starts) Sorted(int[] chosen, int experts) =>
        ([.. Enumerable.Range(0, chosen.Length).OrderBy(pair => chosen[pair])], [.. Enumerable.Range(0, experts + 1).Select(e => chosen.Count(expert => expert < e))]);

    /// <summary>(expert, first, count, 0) of at most <paramref name="rows"/> pairs each, and some empty ones.</summary>
    public static int[] Works(int[] starts, int rows, int empty)
    {
        var works = new List<int>();
        for (var e = 0; e < starts.Length - 1; e++)
        {
            for (var first = starts[e]; first < starts[e + 1]; first += rows)
                works.AddRange([e, first, Math.Min(rows, starts[e + 1] - first), 0]);
        }

        return [.. works, .. new int[4 * empty]];
    }

    private static double Choose(Gpu gpu, Random random, int gating, bool normalises)
    {
        int experts = random.Next(1, 300), used = random.Next(1, Math.Min(experts, 40) + 1), tokens = random.Next(1, 10);
        var scale = random.Next(2) == 0 ? 1f : 2.5f;
        var logits = KernelCheck.Normal(random, tokens * experts);
        var logitBias = random.Next(2) == 0 ? null : KernelCheck.Normal(random, experts);
        var choiceBias = gating > Sigmoid || random.Next(2) == 0 ? null : KernelCheck.Normal(random, experts, 0.2);
        var outputScale = random.Next(2) == 0 ? null : KernelCheck.Normal(random, experts);
        var (chosen, weights) = Launch(gpu, logits, logitBias, choiceBias, outputScale, tokens, experts, used, gating, normalises, scale);
        var expected = new double[tokens * used];
        for (var t = 0; t < tokens; t++)
        {
            var row = Enumerable.Range(0, experts).Select(e => (double)(logits[(t * experts) + e] + (logitBias?[e] ?? 0))).ToArray();
            var scores = row;
            if (gating == Sigmoid)
                scores = [.. row.Select(static l => 1 / (1 + Math.Exp(-l)))];
            else if (gating == Softmax)
                scores = [.. row.Select(l => Math.Exp(l) / row.Sum(static v => Math.Exp(v)))];
            int[] best = [.. Enumerable.Range(0, experts).OrderByDescending(e => scores[e] + (choiceBias?[e] ?? 0)).Take(used)];
            KernelCheck.Require(best.AsSpan().SequenceEqual(chosen.AsSpan(t * used, used)), $"token {t} of {experts} experts and {used} used has others chosen");
            var sum = gating > Sigmoid ? best.Sum(e => Math.Exp(row[e])) : normalises ? Math.Max(LeastSum, best.Sum(e => scores[e])) : 1;
            for (var k = 0; k < used; k++)
                expected[(t * used) + k] = (gating > Sigmoid ? Math.Exp(row[best[k]]) : scores[best[k]]) / sum * scale * (outputScale?[best[k]] ?? 1);
        }

        return KernelCheck.Near($"{tokens} tokens, {experts} experts, {used} used", expected, weights, 1e-5);
    }

    // Choices that are no experts, or the same one twice, would be addresses outside everything.
    private static double ChooseAmongNaNs(Gpu gpu, Random random)
    {
        int experts = random.Next(1, 100), used = random.Next(1, experts + 1);
        var values = new[] { float.NaN, float.NegativeInfinity, float.PositiveInfinity, 0, 1 };
        var logits = Enumerable.Range(0, 5 * experts).Select(_ => values[random.Next(5)]).ToArray();
        for (var gating = 0; gating < 3; gating++)
        {
            var (chosen, _) = Launch(gpu, logits, null, null, null, 5, experts, used, gating, gating == 0, 1);
            for (var t = 0; t < 5; t++)
                KernelCheck.Require(chosen[(t * used)..((t + 1) * used)].Where(e => e >= 0 && e < experts).Distinct().Count() == used, $"token {t} has no {used} different experts of {experts}");
        }

        return 0;
    }

    private static (int[] Chosen, float[] Weights) Launch(
        Gpu gpu, float[] logits, float[]? logitBias, float[]? choiceBias, float[]? outputScale, int tokens, int experts, int used, int gating, bool normalises, float scale)
    {
        using var input = gpu.Upload<float>(logits);
        using var logitBiases = logitBias is null ? null : gpu.Upload<float>(logitBias);
        using var choiceBiases = choiceBias is null ? null : gpu.Upload<float>(choiceBias);
        using var outputScales = outputScale is null ? null : gpu.Upload<float>(outputScale);
        using var chosen = gpu.Allocate(4L * tokens * used);
        using var weights = gpu.Allocate(4L * tokens * used);
        gpu.Fill(chosen.Address, 0xff, chosen.Bytes);
        gpu.Fill(weights.Address, 0xff, weights.Bytes);
        gpu.Launch(
            File, "choose_experts", ((tokens + 1) / 2, 1), 64, input, logitBiases, choiceBiases, outputScales, chosen, weights, tokens, experts, used, gating, normalises ? 1 : 0, scale);
        return (gpu.Download<int>(chosen.Address, tokens * used), gpu.Download<float>(weights.Address, tokens * used));
    }

    private static double Sort(Gpu gpu, Random random)
    {
        int experts = random.Next(1, 40), used = random.Next(1, Math.Min(experts, 8) + 1), tokens = random.Next(1, 150), rows = 8 << random.Next(3);
        var chosen = RandomChoices(random, tokens, experts, used);
        var (order, starts) = Sorted(chosen, experts);
        var works = Works(starts, rows, random.Next(5));
        using var choices = gpu.Upload<int>(chosen);
        using var orders = gpu.Allocate(4L * chosen.Length);
        using var workList = gpu.Allocate(4L * works.Length);
        gpu.Fill(workList.Address, 0xff, workList.Bytes);
        gpu.Launch(File, "sort_pairs", (experts, 1), 256, choices, orders, workList, chosen.Length, experts, rows, works.Length / 4);
        KernelCheck.Require(order.AsSpan().SequenceEqual(gpu.Download<int>(orders.Address, order.Length)), $"{tokens} tokens, {experts} experts, {used} used: pairs are in another order");
        KernelCheck.Require(works.AsSpan().SequenceEqual(gpu.Download<int>(workList.Address, works.Length)), $"{tokens} tokens, {experts} experts, {used} used, {rows} rows: other works");
        return 0;
    }

    private static double Add(Gpu gpu, Random random)
    {
        int tokens = random.Next(1, 10), used = random.Next(1, 9), columns = random.Next(1, 600), adds = random.Next(2);
        var outputs = KernelCheck.Normal(random, tokens * used * columns);
        var weights = KernelCheck.Normal(random, tokens * used);
        var before = KernelCheck.Normal(random, tokens * columns);
        using var input = gpu.Upload<float>(outputs);
        using var factors = gpu.Upload<float>(weights);
        using var y = gpu.Upload<float>(before);
        gpu.Launch(File, "add_experts", ((columns + 127) / 128, tokens), 128, input, factors, y, columns, used, adds);
        var expected = before.Select((v, i) => (adds * v) + Enumerable.Range(i / columns * used, used).Sum(pair => (double)weights[pair] * outputs[(pair * columns) + (i % columns)])).ToArray();
        return KernelCheck.Near($"{tokens} tokens, {used} used, {columns} columns", expected, gpu.Download<float>(y.Address, before.Length), 1e-6);
    }
}
