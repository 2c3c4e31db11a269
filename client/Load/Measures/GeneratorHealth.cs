using System.Diagnostics;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Load.Measures;

/// <summary>
/// How well the generator itself keeps up: how long work waits for a thread of the pool, where answers are read, asked each <see cref="PeriodMs"/>, and how much of the machine the process takes. What
/// waits here is told by a late loop as the server's latency.
/// </summary>
internal sealed class GeneratorHealth : IDisposable
{
    /// <summary>Above this p99 of loop lag or schedule lag a run is degraded, s.</summary>
    public const double LongestLag = 0.010;

    /// <summary>Above this share of the machine's cores in the mean a run is degraded.</summary>
    public const double MostOfCores = 0.9;

    private const int PeriodMs = 10;

    private readonly Thread _thread;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly TimeSpan _cpu = Environment.CpuUsage.TotalTime;
    private readonly TimeSpan _pauses = GC.GetTotalPauseDuration();
    private readonly long _allocated = GC.GetTotalAllocatedBytes();
    private volatile bool _stopped;
    private double _seconds;
    private double _cores;

    public GeneratorHealth()
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = "load health" };
        _thread.Start();
    }

    /// <summary>From handing work to the thread pool to its beginning.</summary>
    public Histogram LoopLag { get; } = Histogram.OfTimes();

    /// <summary>Cores that the process took, in the mean.</summary>
    public double Cores => _cores;

    /// <summary>Time in which the garbage collector held everything, s.</summary>
    public double PauseSeconds { get; private set; }

    /// <summary>Bytes allocated.</summary>
    public long Allocated { get; private set; }

    /// <summary>The processor's frequency governor, such as <c>powersave</c>, which lets latencies of a generator double; null where none is told.</summary>
    public static string? CpuGovernor
    {
        get
        {
            const string Path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
            try
            {
                return File.Exists(Path) ? File.ReadAllText(Path).Trim() : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>Why the generator was the bottleneck; empty where it was not.</summary>
    /// <param name="lag">How late it came to calls.</param>
    public IReadOnlyList<string> Degraded(Histogram lag) => Judge(lag, LoopLag, _cores, Environment.ProcessorCount);

    /// <summary>The same of given figures.</summary>
    internal static IReadOnlyList<string> Judge(Histogram lag, Histogram loop, double cores, int processors)
    {
        var reasons = new List<string>();
        if (lag.Percentile(99) is > LongestLag and var late)
        {
            reasons.Add(FormattableString.Invariant($"calls started up to {late * 1000:0.0} ms late (p99)"));
        }

        if (loop.Percentile(99) is > LongestLag and var slow)
        {
            reasons.Add(FormattableString.Invariant($"its loop was up to {slow * 1000:0.0} ms late (p99)"));
        }

        if (cores > MostOfCores * processors)
        {
            reasons.Add(FormattableString.Invariant($"it took {cores:0.00} of {processors} cores"));
        }

        return reasons;
    }

    /// <summary>Ends the watch; figures stay.</summary>
    public void Stop()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        _thread.Join();
        _seconds = PreciseClock.Seconds(Stopwatch.GetTimestamp() - _began);
        _cores = (Environment.CpuUsage.TotalTime - _cpu).TotalSeconds / Math.Max(1e-9, _seconds);
        PauseSeconds = (GC.GetTotalPauseDuration() - _pauses).TotalSeconds;
        Allocated = GC.GetTotalAllocatedBytes() - _allocated;
    }

    public void Dispose() => Stop();

    private void Watch()
    {
        while (!_stopped)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new Probe(LoopLag), preferLocal: false);
            Thread.Sleep(PeriodMs);
        }
    }

    private sealed class Probe(Histogram lag) : IThreadPoolWorkItem
    {
        private readonly long _asked = Stopwatch.GetTimestamp();

        public void Execute() => lag.Record(Stopwatch.GetTimestamp() - _asked);
    }
}
