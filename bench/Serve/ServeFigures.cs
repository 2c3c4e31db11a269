namespace Crescent.Bench.Serve;

/// <summary>What one load came to.</summary>
internal sealed record ServeFigures
{
    public required string Case { get; init; }

    /// <summary>Processes of the cluster.</summary>
    public required int Processes { get; init; }

    public required int Streams { get; init; }

    /// <summary>What a step of the device takes, ms; 0 for one that answers at once.</summary>
    public required int StepMs { get; init; }

    public required LoadResult Load { get; init; }

    /// <summary>By silo.</summary>
    public required IReadOnlyDictionary<string, SiloCost> Silos { get; init; }

    public double CallsPerSecond => Load.Calls / Load.WallSeconds;

    public double TokensPerSecond => Load.OutputTokens / Load.WallSeconds;

    public double TokensPerEvent => (double)Load.OutputTokens / Math.Max(1, Load.Events);

    /// <summary>CPU of all silos, a call.</summary>
    public double CpuMsPerCall => 1000 * Silos.Values.Sum(static s => s.CpuSeconds) / Math.Max(1, Load.Calls);

    /// <summary>Bytes that all silos allocated, a call.</summary>
    public double BytesPerCall => Silos.Values.Sum(static s => (double)s.AllocatedBytes) / Math.Max(1, Load.Calls);

    /// <summary>CPU of all silos, a token, all else of its call included.</summary>
    public double CpuUsPerToken => 1e6 * Silos.Values.Sum(static s => s.CpuSeconds) / Math.Max(1, Load.OutputTokens);

    /// <summary>What the way of a token adds to the time between two.</summary>
    public double AddedItlP50Ms => Load.ItlP50Ms - StepMs;

    public double AddedItlP99Ms => Load.ItlP99Ms - StepMs;

    /// <summary>What the way of a call adds to the time to its first token: all but two steps, the one that it comes in the middle of and its own.</summary>
    public double AddedTtftP50Ms => Math.Max(0, Load.TtftP50Ms - (1.5 * StepMs));

    public static string Head => $"{"case",-15} {"procs",5} {"streams",7} {"calls/s",8} {"tokens/s",9} {"tok/event",9} {"CPU ms/call",11} {"us/token",8} {"KB/call",8} {"TTFT p50/p99",15} {"ITL p50/p99",13} {"gap p99",8} {"load CPU",9}";

    public override string ToString() =>
        $"{Case,-15} {Processes,5} {Streams,7} {CallsPerSecond,8:F1} {TokensPerSecond,9:F0} {TokensPerEvent,9:F2} {CpuMsPerCall,11:F3} {CpuUsPerToken,8:F2} {BytesPerCall / 1024,8:F0} "
        + $"{Load.TtftP50Ms,8:F1}/{Load.TtftP99Ms,6:F1} {Load.ItlP50Ms,6:F2}/{Load.ItlP99Ms,6:F2} {Load.GapP99Ms,8:F2} {Load.CpuSeconds,7:F2} s"
        + (Load.Failed > 0 ? $"  {Load.Failed} FAILED: {Load.Fault}" : "");
}
