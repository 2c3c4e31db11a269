using System.Runtime.InteropServices;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;

namespace Crescent.Lab.Virtual;

/// <summary>
/// An engine in virtual time: the same scheduler, cache and sampling as live, stepped by the event queue. A step is computed at its beginning;
/// what it puts out, and the engine's state after it, are seen at its end, when its modelled time has passed.
/// </summary>
public sealed class VirtualEngine : IInferenceEngine, IEngineSink, IVirtualEvent, IDisposable
{
    private readonly VirtualClock _clock;
    private readonly IEngineSink _sink;
    private readonly InferenceEngine _engine;
    private readonly VirtualDevice _device;
    private readonly List<KvEvent> _kvEvents = [];
    private SequenceOutput[] _outputs = new SequenceOutput[16];
    private int _outputCount;
    private long _kvEpoch;
    private long _firstKvEvent;
    private EngineState _state;
    private bool _stepping;
    private bool _inStep;

    /// <summary>An engine on <paramref name="device"/>, which it owns; <paramref name="sink"/> gets outputs as the clock reaches their moment.</summary>
    public VirtualEngine(
        VirtualClock clock,
        IDevice device,
        Tokenizer tokenizer,
        string model,
        IEngineSink sink,
        IPowerModel power,
        EngineOptions? options = null)
    {
        _clock = clock;
        _sink = sink;
        _device = new VirtualDevice(device, clock);
        _engine = new InferenceEngine(_device, tokenizer, model, this, power, options, clock);
        _engine.WorkArrived += Wake;
    }

    /// <inheritdoc/>
    public DeviceInfo Device => _engine.Device;

    /// <inheritdoc/>
    public string Model => _engine.Model;

    public string KvType => _engine.KvType;

    /// <inheritdoc/>
    public EngineState State => _stepping ? _state : _engine.State;

    /// <summary>What the engine has counted, the step in progress included.</summary>
    public EngineCounters Counters => _engine.Counters;

    /// <inheritdoc/>
    public double Price
    {
        get => _engine.Price;
        set => _engine.Price = value;
    }

    /// <inheritdoc/>
    public DeviceProfile Profile => _engine.Profile;

    /// <inheritdoc/>
    public void Submit(InferenceRequest request) => _engine.Submit(request);

    /// <inheritdoc/>
    public void Cancel(long requestId) => _engine.Cancel(requestId);

    /// <inheritdoc/>
    public Task<KvDump> DumpKvAsync(CancellationToken cancellation) => _engine.DumpKvAsync(cancellation);

    /// <summary>Throws when an invariant of blocks and sequences is broken.</summary>
    public void CheckIntegrity() => _engine.CheckIntegrity();

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        _device.Dispose();
    }

    /// <summary>Ends the step in progress and begins the next.</summary>
    void IVirtualEvent.Fire()
    {
        Deliver();
        _state = _engine.State;
        var start = _clock.Ticks;
        _inStep = true;
        var worked = _engine.Step();
        _inStep = false;
        var end = _clock.Ticks;
        _clock.Return(start);
        _stepping = worked;
        if (worked)
        {
            _clock.Schedule(this, end);
        }
    }

    /// <summary>Keeps what a step put out until its time has passed.</summary>
    void IEngineSink.OnStep(ReadOnlySpan<SequenceOutput> outputs)
    {
        if (_outputs.Length < outputs.Length)
        {
            _outputs = new SequenceOutput[Math.Max(outputs.Length, _outputs.Length * 2)];
        }

        outputs.CopyTo(_outputs);
        _outputCount = outputs.Length;
    }

    /// <summary>Keeps the cache's changes likewise. A step hands over consecutive ones.</summary>
    void IKvEventSink.OnKvEvents(KvEventBatch batch)
    {
        _firstKvEvent = _kvEvents.Count == 0 ? batch.FirstId : _firstKvEvent;
        _kvEpoch = batch.Epoch;
        _kvEvents.AddRange(batch.Events);
    }

    private void Deliver()
    {
        if (_kvEvents.Count > 0)
        {
            _sink.OnKvEvents(new KvEventBatch(_kvEpoch, _firstKvEvent, CollectionsMarshal.AsSpan(_kvEvents)));
            _kvEvents.Clear();
        }

        var count = _outputCount;
        if (count == 0)
        {
            return;
        }

        _outputCount = 0;
        _sink.OnStep(_outputs.AsSpan(0, count));
        Array.Clear(_outputs, 0, count);
    }

    private void Wake()
    {
        if (!_stepping && !_inStep)
        {
            _state = _engine.State;
            _stepping = true;
            _clock.Schedule(this, _clock.Ticks);
        }
    }
}
