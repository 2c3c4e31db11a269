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

    /// <summary>Watts at the wall for each of a GPU, where a server's are fitted to its GPUs' (<see cref="GpuModel.ServerWatts"/>).</summary>
    private const double WallFactor = 1.5;

    private static readonly double[] Clocks = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4];

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
    /// <param name="clocks">At which clocks it runs.</param>
    public static FrontierCurve Of(
        GpuModel gpu, ModelShape shape, int promptTokens, int outputTokens, TimingParameters? timing = null, FrontierClocks clocks = FrontierClocks.Full)
    {
        var points = new List<FrontierPoint>();
        foreach (var (group, dataParallel) in Groups(gpu, shape))
        {
            var length = promptTokens + outputTokens;
            var fits = (int)Math.Min(SimulatedDevice.Sequences(gpu, group, shape, dataParallel, length), 65_536);
            var time = new StepTimeModel(gpu, shape, group, timing, dataParallel);
            var power = new GpuPowerCurve(gpu);
            double Joules(double fullWatts, double clock, double prefillShare, double seconds) =>
                seconds * (clocks == FrontierClocks.Full ? gpu.ServerWatts : WallWatts(gpu, power.Watts(fullWatts, clock, prefillShare)));

            // Energy of a prompt on a GPU of its group, by the clock.
            var prompts = (clocks == FrontierClocks.Full ? [1.0] : Clocks)
                .Select(clock => (Clock: clock, Joules: Joules(power.PrefillWatts, clock, 1, PrefillSeconds(time, shape, promptTokens, clock)))).ToArray();
            foreach (var batch in Batches(fits))
            {
                foreach (var (clock, same) in prompts)
                {
                    var step = DecodeSeconds(time, shape, batch, promptTokens + (outputTokens / 2), clock);
                    var decode = Joules(power.DecodeWatts(dataParallel ? (batch + group - 1) / group : batch), clock, 0, step);
                    var prompt = clocks == FrontierClocks.Apart ? prompts.MinBy(static prompt => prompt.Joules) : (Clock: clock, Joules: same);
                    var volume = 1e6 / Pue / group / ((decode / batch) + (prompt.Joules / outputTokens));
                    points.Add(new FrontierPoint(group, batch, 1 / step, volume, dataParallel, prompt.Clock, clock));
                }
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

    /// <summary>What a server draws for a GPU that draws <paramref name="watts"/>, W. Where only its full load is known, all else in it draws what it does then.</summary>
    private static double WallWatts(GpuModel gpu, double watts) => gpu.ServerWatts - ((gpu.ServerWattsAtFullLoad > 0 ? 1 : WallFactor) * (gpu.TdpWatts - watts));

    private static double DecodeSeconds(StepTimeModel time, ModelShape shape, int batch, int context, double clock)
    {
        var window = shape.LocalLayers > 0 ? shape.LocalWindow : int.MaxValue;
        var work = new StepWork
        {
            DecodeSequences = batch,
            DecodeContext = (long)batch * context,
            DecodeLocalContext = (long)batch * Math.Min(context, window),
            LogitRows = batch,
        };
        return time.Estimate(work, clock).Seconds;
    }

    private static double PrefillSeconds(StepTimeModel time, ModelShape shape, int tokens, double clock)
    {
        var window = shape.LocalLayers > 0 ? shape.LocalWindow : int.MaxValue;
        var seconds = 0.0;
        for (var start = 0; start < tokens; start += PrefillChunk)
        {
            var chunk = Math.Min(PrefillChunk, tokens - start);
            var work = default(StepWork);
            work.AddPrefill(start, chunk, start + chunk == tokens ? 1 : 0, window);
            seconds += time.Estimate(work, clock).Seconds;
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
