namespace Crescent.Bench.Serve;

/// <summary>What a silo's process has taken since its start.</summary>
internal sealed record SiloCost
{
    public double CpuSeconds { get; init; }

    public long AllocatedBytes { get; init; }

    /// <summary>Steps of its engines.</summary>
    public long Steps { get; init; }

    public static SiloCost operator -(SiloCost after, SiloCost before) => new()
    {
        CpuSeconds = after.CpuSeconds - before.CpuSeconds,
        AllocatedBytes = after.AllocatedBytes - before.AllocatedBytes,
        Steps = after.Steps - before.Steps,
    };

    public static SiloCost operator +(SiloCost one, SiloCost other) => new()
    {
        CpuSeconds = one.CpuSeconds + other.CpuSeconds,
        AllocatedBytes = one.AllocatedBytes + other.AllocatedBytes,
        Steps = one.Steps + other.Steps,
    };
}
