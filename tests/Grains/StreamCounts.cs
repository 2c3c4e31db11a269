using System.Diagnostics.Metrics;
using Crescent.Grains.Metrics;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains;

/// <summary>Counts the streams that go on elsewhere at one front end, from now on.</summary>
internal sealed class StreamCounts : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _moved;
    private long _resumed;

    public StreamCounts(InProcessSiloHandle front)
    {
        var meters = FactoryCluster.Service<IMeterFactory>(front);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is InstrumentNames.StreamsMoved or InstrumentNames.StreamsResumed && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, by, _, _) =>
            Interlocked.Add(ref instrument.Name == InstrumentNames.StreamsMoved ? ref _moved : ref _resumed, by));
        _listener.Start();
    }

    public long Moved => Interlocked.Read(ref _moved);

    public long Resumed => Interlocked.Read(ref _resumed);

    public void Dispose() => _listener.Dispose();
}
