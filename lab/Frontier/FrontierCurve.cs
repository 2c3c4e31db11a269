using Crescent.Engine.Devices.Simulated;

namespace Crescent.Lab.Frontier;

/// <summary>
/// What a megawatt of one GPU can give: speed per user against tokens per second in all, over group sizes and batches. Prefill and decode
/// run apart: a user's speed is one over the decode step, and the megawatt spends t_step / batch + t_prefill / output on each token.
/// </summary>
public sealed class FrontierCurve
{
    /// <summary>Power that the building adds to that of the servers.</summary>
    public const double Pue = 1.06;

    private const int PrefillChunk = 8192;

    private FrontierCurve(GpuModel gpu, ModelShape shape, IReadOnlyList<FrontierPoint> points)
    {
        Gpu = gpu;
        Shape = shape;
        Points = points;
    }

    /// <summary>The GPU.</summary>
    public GpuModel Gpu { get; }

    /// <summary>The model.</summary>
    public ModelShape Shape { get; }

    /// <summary>The best points, from the largest volume to the greatest speed; none is beaten in both by another.</summary>
    public IReadOnlyList<FrontierPoint> Points { get; }

    /// <summary>GPUs of a megawatt, their servers and the building included.</summary>
    public static double GpusPerMegawatt(GpuModel gpu) => 1e6 / Pue / gpu.ServerWatts;

    /// <summary>The frontier of <paramref name="shape"/> on <paramref name="gpu"/>.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="shape">The model.</param>
    /// <param name="promptTokens">Tokens of each prompt.</param>
    /// <param name="outputTokens">Tokens of each answer.</param>
    /// <param name="timing">What kernels reach.</param>
    public static FrontierCurve Of(GpuModel gpu, ModelShape shape, int promptTokens, int outputTokens, TimingParameters? timing = null)
    {
        var points = new List<FrontierPoint>();
        foreach (var (group, dataParallel) in Groups(gpu, shape))
        {
            var length = promptTokens + outputTokens;
            var fits = (int)Math.Min(SimulatedDevice.KvPositions(gpu, group, shape, dataParallel, length) / length, 65_536);
            var time = new StepTimeModel(gpu, shape, group, timing, dataParallel);
            var prefill = PrefillSeconds(time, shape, promptTokens);
            foreach (var batch in Batches(fits))
            {
                var step = DecodeSeconds(time, shape, batch, promptTokens + (outputTokens / 2));
                var volume = GpusPerMegawatt(gpu) / group / ((step / batch) + (prefill / outputTokens));
                points.Add(new FrontierPoint(group, batch, 1 / step, volume, dataParallel));
            }
        }

        return new FrontierCurve(gpu, shape, Best(points));
    }

    /// <summary>The most tokens a second of a megawatt that gives each user at least <paramref name="speed"/> tokens a second; 0 when none does.</summary>
    public double VolumeAt(double speed)
    {
        var best = 0.0;
        foreach (var point in Points)
        {
            best = point.TokensPerSecondPerUser >= speed ? Math.Max(best, point.TokensPerSecondPerMegawatt) : best;
        }

        return best;
    }

    /// <summary>Powers of two up to the GPUs that reach each other, and all of those; mixtures by data and experts too.</summary>
    private static IEnumerable<(int Group, bool DataParallel)> Groups(GpuModel gpu, ModelShape shape)
    {
        var sizes = Enumerable.Range(0, 11).Select(static power => 1 << power).Where(size => size < gpu.LinkDomain).Append(gpu.LinkDomain).ToArray();
        return sizes.Select(static size => (size, false)).Concat(sizes.Where(size => size > 1 && shape.Experts > 0).Select(static size => (size, true)));
    }

    private static IEnumerable<int> Batches(int most)
    {
        for (double batch = 1; batch < most; batch = Math.Max(batch + 1, batch * 1.1))
        {
            yield return (int)batch;
        }

        if (most >= 1)
        {
            yield return most;
        }
    }

    private static double DecodeSeconds(StepTimeModel time, ModelShape shape, int batch, int context)
    {
        var window = shape.LocalLayers > 0 ? shape.LocalWindow : int.MaxValue;
        var work = new StepWork
        {
            DecodeSequences = batch,
            DecodeContext = (long)batch * context,
            DecodeLocalContext = (long)batch * Math.Min(context, window),
            LogitRows = batch,
        };
        return time.Estimate(work).Seconds;
    }

    private static double PrefillSeconds(StepTimeModel time, ModelShape shape, int tokens)
    {
        var window = shape.LocalLayers > 0 ? shape.LocalWindow : int.MaxValue;
        var seconds = 0.0;
        for (var start = 0; start < tokens; start += PrefillChunk)
        {
            var chunk = Math.Min(PrefillChunk, tokens - start);
            var work = default(StepWork);
            work.AddPrefill(start, chunk, start + chunk == tokens ? 1 : 0, window);
            seconds += time.Estimate(work).Seconds;
        }

        return seconds;
    }

    private static FrontierPoint[] Best(List<FrontierPoint> points)
    {
        var best = new List<FrontierPoint>();
        foreach (var point in points.OrderByDescending(static point => point.TokensPerSecondPerUser).ThenByDescending(static point => point.TokensPerSecondPerMegawatt))
        {
            if (best.Count == 0 || point.TokensPerSecondPerMegawatt > best[^1].TokensPerSecondPerMegawatt)
            {
                best.Add(point);
            }
        }

        best.Reverse();
        return [.. best];
    }
}
