using System.Diagnostics;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Load.Measures;

/// <summary>
/// All that is measured of a run, by AIPerf's names. Times to something are kept twice: from when a call was to start, and from when it did. A generator that is late, or that waits for
/// the server before it asks again, shows good numbers by the second clock while its users would have waited. Safe for use by many threads.
/// </summary>
internal sealed class LoadMeasures
{
    private const int MostFaults = 32;

    private readonly Slo? _slo;
    private readonly Lock _gate = new();
    private readonly Dictionary<(CallEnd End, int Status), (long Count, string Example)> _faults = [];
    private readonly long[] _ends = new long[Enum.GetValues<CallEnd>().Length];
    private long _begun;
    private long _firstIntended = long.MaxValue;
    private long _lastEnded;

    public LoadMeasures(Slo? slo = null)
    {
        _slo = slo;
        All =
        [
            new("ttft", "time to first token", "intended", "s", FirstIntended),
            new("ttft_actual", "time to first token", "actual", "s", FirstActual),
            new("ttst", "time to second token", "actual", "s", SecondActual),
            new("ttfo", "time to first output", "intended", "s", OutputIntended),
            new("ttfo_actual", "time to first output", "actual", "s", OutputActual),
            new("itl", "inter-token latency", "", "s", TokenGap),
            new("icl", "inter-chunk latency", "", "s", ChunkGap),
            new("latency", "request latency", "intended", "s", LatencyIntended),
            new("latency_actual", "request latency", "actual", "s", LatencyActual),
            new("lag", "schedule lag", "", "s", Lag),
            new("user_tps", "output throughput per user", "", "tokens/s", UserSpeed),
            new("isl", "prompt tokens", "", "tokens", PromptTokens),
            new("osl", "output tokens", "", "tokens", OutputTokens),
            new("tokens_per_chunk", "tokens a chunk", "", "tokens", TokensPerChunk),
        ];
    }

    /// <summary>Every metric, in the order of tables.</summary>
    public IReadOnlyList<Metric> All { get; }

    public Histogram FirstIntended { get; } = Histogram.OfTimes();

    public Histogram FirstActual { get; } = Histogram.OfTimes();

    public Histogram SecondActual { get; } = Histogram.OfTimes();

    public Histogram OutputIntended { get; } = Histogram.OfTimes();

    public Histogram OutputActual { get; } = Histogram.OfTimes();

    public Histogram TokenGap { get; } = Histogram.OfTimes();

    public Histogram ChunkGap { get; } = Histogram.OfTimes();

    public Histogram LatencyIntended { get; } = Histogram.OfTimes();

    public Histogram LatencyActual { get; } = Histogram.OfTimes();

    /// <summary>How late the generator itself came to calls.</summary>
    public Histogram Lag { get; } = Histogram.OfTimes();

    public Histogram UserSpeed { get; } = new(0.001);

    public Histogram PromptTokens { get; } = new(1);

    public Histogram OutputTokens { get; } = new(1);

    public Histogram TokensPerChunk { get; } = new(0.001);

    /// <summary>Calls that were started and have not ended.</summary>
    public long InFlight => Volatile.Read(ref _begun) - Ended;

    /// <summary>Calls that have ended, however, those of the warm-up too.</summary>
    public long Ended => _allEnded;

    /// <summary>Measured calls that were good by the SLO; those that were whole where there is none.</summary>
    public long Good => Volatile.Read(ref _good);

    /// <summary>Measured calls that had to wait since as many as allowed were in flight.</summary>
    public long HeldBack => Volatile.Read(ref _heldBack);

    /// <summary>Measured calls that were refused and asked again later, how often, and the waits in all, s.</summary>
    public (long Calls, long Refusals, double Seconds) Waits => (Volatile.Read(ref _waits), Volatile.Read(ref _refusals), Volatile.Read(ref _waitedMs) / 1000.0);

    /// <summary>Whole answers without usage.</summary>
    public long WithoutUsage => Volatile.Read(ref _withoutUsage);

    /// <summary>Tokens by the client's count, of whole answers with usage.</summary>
    public long OwnTokens => Volatile.Read(ref _ownTokens);

    /// <summary>Tokens by the server's usage, of the same.</summary>
    public long UsageTokens => Volatile.Read(ref _usageTokens);

    /// <summary>Tokens that whole answers might have had.</summary>
    public long PlannedTokens => Volatile.Read(ref _plannedTokens);

    /// <summary>Tokens that whole answers' prompts were to have.</summary>
    public long PlannedPromptTokens => Volatile.Read(ref _plannedPromptTokens);

    /// <summary>Tokens of prompts that a cache had, as the server says.</summary>
    public long CachedTokens => Volatile.Read(ref _cachedTokens);

    /// <summary>Tokens of thoughts, as the server says.</summary>
    public long ReasoningTokens => Volatile.Read(ref _reasoningTokens);

    /// <summary>Tokens a chunk over all whole answers; 1 where there is none.</summary>
    public double MeanTokensPerChunk => Volatile.Read(ref _chunks) is > 0 and var chunks ? (double)Volatile.Read(ref _chunkTokens) / chunks : 1;

    /// <summary>Chunks of thoughts alone.</summary>
    public long ReasoningChunks => Volatile.Read(ref _reasoningChunks);

    /// <summary>Whole answers of which the server told joules.</summary>
    public long WithJoules => Volatile.Read(ref _withJoules);

    /// <summary>Tokens of those answers.</summary>
    public long JoulesTokens => Volatile.Read(ref _joulesTokens);

    /// <summary>Energy that the server told, J.</summary>
    public double Joules
    {
        get
        {
            lock (_gate)
            {
                return _joules;
            }
        }
    }

    /// <summary>Whether some of those joules are of a simulated device, and whether some are modelled.</summary>
    public (bool Simulated, bool Modelled) JoulesKind => (_simulated, _modelled);

    /// <summary>From the first measured call's intended start to the last one's end, s.</summary>
    public double Seconds => Volatile.Read(ref _lastEnded) is > 0 and var last ? PreciseClock.Seconds(last - Volatile.Read(ref _firstIntended)) : 0;

    /// <summary>Calls that were read slowly, and those of them whose answers were whole; in no other figure.</summary>
    public (long Ended, long Whole) Slow => (Volatile.Read(ref _slow), Volatile.Read(ref _slowWhole));

    private long _allEnded;
    private long _slow;
    private long _slowWhole;
    private long _good;
    private long _heldBack;
    private long _waits;
    private long _refusals;
    private long _waitedMs;
    private long _withoutUsage;
    private long _ownTokens;
    private long _usageTokens;
    private long _plannedTokens;
    private long _plannedPromptTokens;
    private long _cachedTokens;
    private long _reasoningTokens;
    private long _reasoningChunks;
    private long _chunks;
    private long _chunkTokens;
    private long _overdue;
    private long _withJoules;
    private long _joulesTokens;
    private double _joules;
    private bool _simulated;
    private bool _modelled;

    /// <summary>Measured calls that ended so.</summary>
    public long Count(CallEnd end) => Volatile.Read(ref _ends[(int)end]);

    /// <summary>Measured calls but for those given up and unfinished.</summary>
    public long Tried => Enum.GetValues<CallEnd>().Where(static end => end is not (CallEnd.Cancelled or CallEnd.Unfinished)).Sum(Count);

    /// <summary>Of those unfinished the ones that had taken longer than the SLO allows: whatever had come later would not have kept it.</summary>
    public long Overdue => Volatile.Read(ref _overdue);

    /// <summary>Measured calls that failed.</summary>
    public long Failed => Tried - Count(CallEnd.Whole);

    /// <summary>What went wrong, how often, and the words of the first.</summary>
    public IReadOnlyList<(CallEnd End, int Status, long Count, string Example)> Faults
    {
        get
        {
            lock (_gate)
            {
                return [.. _faults.OrderByDescending(static fault => fault.Value.Count).Select(static fault => (fault.Key.End, fault.Key.Status, fault.Value.Count, fault.Value.Example))];
            }
        }
    }

    /// <summary>A call starts.</summary>
    public void Begin() => Interlocked.Increment(ref _begun);

    /// <summary>A call that is not measured has ended.</summary>
    public void Pass() => Interlocked.Increment(ref _allEnded);

    /// <summary>A call that was read slowly has ended.</summary>
    public void PassSlow(CallEnd end)
    {
        Interlocked.Increment(ref _allEnded);
        Interlocked.Increment(ref _slow);
        Interlocked.Add(ref _slowWhole, end == CallEnd.Whole ? 1 : 0);
    }

    /// <summary>A measured call has ended.</summary>
    public void Add(in CallRecord call)
    {
        Interlocked.Increment(ref _allEnded);
        Interlocked.Increment(ref _ends[(int)call.End]);
        Lag.Record(call.Dispatched - call.Intended);
        if (call.HeldBack)
        {
            Interlocked.Increment(ref _heldBack);
        }

        if (call.Refusals > 0)
        {
            Interlocked.Increment(ref _waits);
            Interlocked.Add(ref _refusals, call.Refusals);
        }

        Interlocked.Add(ref _waitedMs, (long)Math.Round(call.WaitedSeconds * 1000));
        Window(call);
        if (call.End == CallEnd.Whole)
        {
            Whole(call);
        }
        else if (call.End is not (CallEnd.Cancelled or CallEnd.Unfinished))
        {
            Fault(call);
        }
        else if (call.End == CallEnd.Unfinished && _slo?.IsOverdue(call) == true)
        {
            Interlocked.Increment(ref _overdue);
        }
    }

    private void Whole(in CallRecord call)
    {
        if (_slo is null || _slo.Met(call))
        {
            Interlocked.Increment(ref _good);
        }

        LatencyIntended.Record(call.Ended - call.Intended);
        LatencyActual.Record(call.Ended - call.Started);
        if (call.First > 0)
        {
            FirstIntended.Record(call.First - call.Intended);
            FirstActual.Record(call.First - call.Started);
        }

        if (call.Second > 0)
        {
            SecondActual.Record(call.Second - call.Started);
        }

        if (call.FirstOutput > 0)
        {
            OutputIntended.Record(call.FirstOutput - call.Intended);
            OutputActual.Record(call.FirstOutput - call.Started);
        }

        if (call.TokenTicks is { } gap)
        {
            TokenGap.Record((long)Math.Round(gap));
            if (gap >= Stopwatch.Frequency / 1e6)
            {
                // Tokens that come all at once have no speed.
                UserSpeed.RecordValue(Stopwatch.Frequency / gap);
            }
        }

        if (call.Chunks > 0)
        {
            TokensPerChunk.RecordValue((double)call.OutputTokens / call.Chunks);
            Interlocked.Add(ref _chunks, call.Chunks);
            Interlocked.Add(ref _chunkTokens, call.OutputTokens);
        }

        OutputTokens.Record(call.OutputTokens);
        Interlocked.Add(ref _plannedTokens, call.PlannedOutputTokens);
        Interlocked.Add(ref _reasoningChunks, call.ReasoningChunks);
        if (!call.HasUsage)
        {
            Interlocked.Increment(ref _withoutUsage);
            return;
        }

        PromptTokens.Record(call.Usage.PromptTokens);
        Interlocked.Add(ref _plannedPromptTokens, call.PlannedPromptTokens);
        Interlocked.Add(ref _ownTokens, call.OwnTokens);
        Interlocked.Add(ref _usageTokens, call.Usage.CompletionTokens);
        Interlocked.Add(ref _cachedTokens, call.Usage.CachedTokens);
        Interlocked.Add(ref _reasoningTokens, call.Usage.ReasoningTokens);
        if (call.Usage.Joules is { } joules)
        {
            Interlocked.Increment(ref _withJoules);
            Interlocked.Add(ref _joulesTokens, call.Usage.CompletionTokens);
            lock (_gate)
            {
                _joules += joules;
                _simulated |= call.Usage.Simulated;
                _modelled |= call.Usage.Modelled;
            }
        }
    }

    private void Fault(in CallRecord call)
    {
        lock (_gate)
        {
            var key = (call.End, call.Status);
            if (_faults.TryGetValue(key, out var seen))
            {
                _faults[key] = seen with { Count = seen.Count + 1 };
            }
            else if (_faults.Count < MostFaults)
            {
                _faults.Add(key, (1, call.Fault ?? ""));
            }
        }
    }

    private void Window(in CallRecord call)
    {
        for (var first = Volatile.Read(ref _firstIntended); call.Intended < first;)
        {
            first = Interlocked.CompareExchange(ref _firstIntended, call.Intended, first) is var seen && seen == first ? call.Intended : seen;
        }

        for (var last = Volatile.Read(ref _lastEnded); call.Ended > last;)
        {
            last = Interlocked.CompareExchange(ref _lastEnded, call.Ended, last) is var seen && seen == last ? call.Ended : seen;
        }
    }
}
