namespace Crescent.Engine.Devices.Simulated;

/// <summary>Reads a device's <see cref="DeviceProfile"/> off its time model and power curve.</summary>
internal static class SimulatedProfile
{
    /// <summary>The batch and the context about which decode is made linear: those of a server under load.</summary>
    private const int Batch = 64;
    private const int Context = 1024;
    private const int LongContext = 8192;
    private const int Prompt = 2048;
    private const double LowClock = 0.7;

    public static DeviceProfile Of(GpuModel gpu, int gpus, StepTimeModel time, GpuPowerCurve curve)
    {
        var few = Decode(time, 1, Context);
        var many = Decode(time, Batch, Context);
        var perPosition = (Decode(time, Batch, LongContext) - many) / (Batch * (double)(LongContext - Context));
        var perSequence = Math.Max(0, ((many - few) / (Batch - 1)) - (Context * perPosition));
        var step = Math.Max(few - perSequence - (Context * perPosition), few / 2);
        var chunk = Prefill(time, 0, Prompt);
        var perPair = Math.Max(0, (Prefill(time, 8 * Prompt, Prompt) - chunk) / (8.0 * Prompt * Prompt));
        var perToken = Math.Max(0, ((chunk - step) / Prompt) - (perPair * Prompt / 2));
        return new DeviceProfile
        {
            StepSeconds = step,
            SequenceSeconds = perSequence,
            ContextSeconds = perPosition,
            PromptSeconds = perToken,
            PromptPairSeconds = perPair,
            ClockShare = Math.Clamp(((Decode(time, Batch, Context, LowClock) / many) - 1) / ((1 / LowClock) - 1), 0, 1),
            IdleWatts = gpus * gpu.IdleWatts,
            AwakeWatts = gpus * gpu.AwakeWatts,
            StaticWatts = gpus * curve.StaticWatts,
            DecodeBaseWatts = gpus * gpu.DecodeBaseWatts,
            DecodeSpanWatts = gpus * gpu.DecodeSpanWatts,
            DecodeMidpoint = gpu.DecodeMidpoint,
            PrefillWatts = gpus * curve.PrefillWatts,
            MinCapWatts = gpus * gpu.MinCapWatts,
            MaxCapWatts = gpus * gpu.TdpWatts,
        };
    }

    private static double Decode(StepTimeModel time, int batch, int context, double clock = 1)
    {
        var work = default(StepWork);
        for (var i = 0; i < batch; i++)
        {
            work.AddDecode(context - 1, int.MaxValue);
        }

        return time.Estimate(work, clock).Seconds;
    }

    private static double Prefill(StepTimeModel time, int start, int tokens)
    {
        var work = default(StepWork);
        work.AddPrefill(start, tokens, 1, int.MaxValue);
        return time.Estimate(work).Seconds;
    }
}
