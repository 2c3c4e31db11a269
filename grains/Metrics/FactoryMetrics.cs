using System.Diagnostics.Metrics;

namespace Crescent.Grains.Metrics;

/// <summary>The instruments of <see cref="InstrumentNames"/>.</summary>
internal sealed class FactoryMetrics : IStreamCounts
{
    private readonly Counter<long> _decisions;
    private readonly Histogram<double> _decisionDuration;
    private readonly UpDownCounter<long> _reservations;
    private readonly Counter<long> _reservationsExpired;
    private readonly UpDownCounter<long> _streamsOpen;
    private readonly Counter<long> _streamsResumed;
    private readonly Counter<long> _streamsMoved;
    private readonly Histogram<double> _streamGap;
    private readonly Counter<long> _framesSent;
    private readonly Counter<long> _frameBytes;
    private readonly Counter<long> _tokensReceived;
    private readonly Counter<long> _ticketsUnwanted;
    private readonly Counter<long> _linksBroken;
    private readonly Counter<long> _loopFailures;
    private readonly Counter<long> _kvEvents;
    private readonly Counter<long> _kvGaps;
    private readonly Counter<long> _kvRepairs;
    private readonly Meter _meter;
    private long _moved;
    private long _resumed;

    public FactoryMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(InstrumentNames.Meter);
        _decisions = meter.CreateCounter<long>(InstrumentNames.PlacementDecisions);
        _decisionDuration = meter.CreateHistogram<double>(InstrumentNames.PlacementDuration, "us");
        _reservations = meter.CreateUpDownCounter<long>(InstrumentNames.Reservations);
        _reservationsExpired = meter.CreateCounter<long>(InstrumentNames.ReservationsExpired);
        _streamsOpen = meter.CreateUpDownCounter<long>(InstrumentNames.StreamsOpen);
        _streamsResumed = meter.CreateCounter<long>(InstrumentNames.StreamsResumed);
        _streamsMoved = meter.CreateCounter<long>(InstrumentNames.StreamsMoved);
        _streamGap = meter.CreateHistogram<double>(InstrumentNames.StreamGap, "s");
        _framesSent = meter.CreateCounter<long>(InstrumentNames.FramesSent);
        _frameBytes = meter.CreateCounter<long>(InstrumentNames.FrameBytes, "By");
        _tokensReceived = meter.CreateCounter<long>(InstrumentNames.TokensReceived);
        _ticketsUnwanted = meter.CreateCounter<long>(InstrumentNames.TicketsUnwanted);
        _loopFailures = meter.CreateCounter<long>(InstrumentNames.LoopFailures);
        _linksBroken = meter.CreateCounter<long>(InstrumentNames.LinksBroken);
        _kvEvents = meter.CreateCounter<long>(InstrumentNames.KvIndexEvents);
        _kvGaps = meter.CreateCounter<long>(InstrumentNames.KvIndexGaps);
        _kvRepairs = meter.CreateCounter<long>(InstrumentNames.KvIndexRepairs);
        _meter = meter;
    }

    /// <inheritdoc/>
    public long Moved => Interlocked.Read(ref _moved);

    /// <inheritdoc/>
    public long Resumed => Interlocked.Read(ref _resumed);

    public void Decided(string policy, bool placed, TimeSpan duration)
    {
        _decisions.Add(1, new("policy", policy), new("outcome", placed ? "placed" : "refused"));
        _decisionDuration.Record(duration.TotalMicroseconds);
    }

    public void ReservationsChanged(int by) => _reservations.Add(by);

    public void ReservationsExpired(int count) => _reservationsExpired.Add(count);

    public void StreamOpened() => _streamsOpen.Add(1);

    public void StreamClosed() => _streamsOpen.Add(-1);

    public void StreamMoved()
    {
        Interlocked.Increment(ref _moved);
        _streamsMoved.Add(1);
    }

    public void StreamResumed(TimeSpan gap)
    {
        Interlocked.Increment(ref _resumed);
        _streamsResumed.Add(1);
        _streamGap.Record(gap.TotalSeconds);
    }

    public void FrameSent(int bytes)
    {
        _framesSent.Add(1);
        _frameBytes.Add(bytes);
    }

    public void TokensReceived(int tokens, int unwanted)
    {
        _tokensReceived.Add(tokens);
        _ticketsUnwanted.Add(unwanted);
    }

    public void LoopFailed(string loop) => _loopFailures.Add(1, new KeyValuePair<string, object?>("loop", loop));

    public void LinkBroken() => _linksBroken.Add(1);

    public void KvEvents(int count) => _kvEvents.Add(count);

    public void KvGap() => _kvGaps.Add(1);

    public void KvRepair() => _kvRepairs.Add(1);

    /// <summary>Reads the state of the KV index whenever metrics are collected.</summary>
    public void Observe(IKvIndexState index)
    {
        _meter.CreateObservableGauge(InstrumentNames.KvIndexStale, () => index.State().Stale);
        _meter.CreateObservableGauge(InstrumentNames.KvIndexBlocks, () => index.State().Blocks);
    }
}
