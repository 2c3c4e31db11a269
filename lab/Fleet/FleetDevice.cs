using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Fleet;

/// <summary>A device of a <see cref="VirtualFleet"/>: its engine, and what its silo would tell of it.</summary>
internal sealed class FleetDevice : IEngineSink, IDisposable
{
    // What servers of such GPUs are started with.
    private const int MaxRunning = 1024;
    private const int MaxWaiting = 100_000;

    private readonly VirtualFleet _fleet;
    private readonly SimulatedDevice _device;
    private readonly VirtualEngine _engine;
    private readonly CapKeeper _cap;
    private readonly int _number;
    private readonly ProfileBelief _belief;
    private int _live;
    private int _queuedPromptTokens;
    private double _queuedPromptSeconds;
    private double _computedPromptSeconds;

    public FleetDevice(VirtualFleet fleet, FleetOptions options, int number, (int Rack, int Node) place, SimulatedText text, SilentTokenizer tokenizer, PowerMeter meter, VirtualClock clock, bool caches)
    {
        var spec = options.Spec;
        var kind = spec.Racks[place.Rack];
        _fleet = fleet;
        Key = $"lab/{number}";
        Node = $"node-{place.Node}";
        Rack = place.Rack;
        _number = number;
        _belief = options.Belief;
        _device = new SimulatedDevice(Truth(kind, options.Belief), number, spec.Model, text, new SimulatedDeviceOptions { BlockSize = options.BlockSize, MaxStepTokens = kind.MaxStepTokens });
        _cap = new CapKeeper(_device.Power, incarnation: 1);
        var engine = options.Engine with
        {
            MaxStepTokens = _device.Info.MaxStepTokens,
            MaxRunning = MaxRunning,
            MaxWaiting = MaxWaiting,
            ItlSeconds = options.Level.ItlSeconds,
            PrefixCache = caches,
            KvEventBacklog = caches ? 1 << 17 : 1,
        };
        _engine = new VirtualEngine(
            clock, new MeteredDevice(_device, number, meter, clock, options.Belief.IsLearned), tokenizer, spec.Model.Name, this, _device.Power, engine);
    }

    public string Key { get; }

    public string Node { get; }

    /// <summary>Number of its rack.</summary>
    public int Rack { get; }

    public KvBlockSize BlockSize => KvBlockSize.Of(_device.Info);

    public int MaxContext => _device.Info.MaxContext;

    /// <summary>Where sequences can begin on it.</summary>
    public KvPlaces Places => KvPlaces.Of(_device.Info);

    /// <summary>What is believed of it.</summary>
    public DeviceProfile Profile => _belief.Of(_device.Info.Profile!, _engine.Profile);

    public EngineCounters Counters => _engine.Counters;

    public void Heed(double price) => _engine.Price = price;

    public void SetCap(in CapOrder order) => _cap.Take(order);

    /// <summary>Takes a call.</summary>
    public void Submit(FleetAttempt attempt)
    {
        attempt.PromptSeconds = Profile.PromptTime(attempt.Uncached, attempt.Call.PromptTokens - attempt.Uncached);
        _live++;
        _queuedPromptTokens += attempt.Uncached;
        _queuedPromptSeconds += attempt.PromptSeconds;
        _engine.Submit(attempt.Request!);
    }

    /// <summary>Gives a call up.</summary>
    public void Cancel(FleetCall call) => _engine.Cancel(call.Id);

    /// <summary>What its silo reports.</summary>
    public DeviceLoad Load()
    {
        var state = _engine.State;
        var counters = _engine.Counters;
        return new DeviceLoad
        {
            Waiting = Math.Max(state.Waiting, _live - state.Running),
            Running = state.Running,
            QueuedPromptTokens = _queuedPromptTokens,
            QueuedPromptSeconds = Math.Max(0, _queuedPromptSeconds),
            ComputedPromptSeconds = _computedPromptSeconds,
            FreeBlocks = state.FreeBlocks,
            TotalBlocks = state.TotalBlocks,
            BlockSize = _device.Info.BlockSize,
            Demand = KvDemand.Of(_device.Info),
            MaxContext = _device.Info.MaxContext,
            MaxStepTokens = _device.Info.MaxStepTokens,
            StepSeconds = state.StepSeconds,
            ComputedPromptTokens = counters.PromptTokens - counters.PrefixHitTokens,
            Watts = state.Watts,
            CapWatts = _device.Power.CapWatts,
        };
    }

    /// <summary>What the governor reads, from the newest report in <paramref name="state"/>.</summary>
    public DevicePower Power(in DeviceState state) => new()
    {
        Key = Key,
        Node = Node,
        Rack = FleetSpec.RackName(Rack),
        Profile = Profile,
        Watts = state.Load.Watts,
        CapWatts = _cap.State.Watts,
        Stamp = _cap.State.Stamp,
        Incarnation = _cap.State.Incarnation,
        Running = state.Load.Running,
        Waiting = state.Load.Waiting,
        QueuedPromptTokens = state.Load.QueuedPromptTokens,
        ContextTokens = state.Load.Context,
        QueuedPromptSeconds = state.Load.QueuedSeconds(Profile),
        PromptShare = Math.Max(state.PromptShare, state.BurstShare),
        MaxStepTokens = state.Load.MaxStepTokens,
    };

    public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
    {
        foreach (ref readonly var output in outputs)
        {
            var attempt = (FleetAttempt)output.Request.Link!;
            if (!attempt.HasBegun && (output.Token >= 0 || output.Finish != FinishReason.None))
            {
                attempt.HasBegun = true;
                attempt.Request = null;
                _queuedPromptTokens -= attempt.Uncached;
                _queuedPromptSeconds -= attempt.PromptSeconds;
                _computedPromptSeconds += output.Token >= 0 ? attempt.PromptSeconds : 0;
            }

            if (output.Finish != FinishReason.None)
            {
                _live--;
            }

            _fleet.OnOutput(attempt, output);
        }
    }

    public void OnKvEvents(KvEventBatch batch) => _fleet.OnKvEvents(_number, batch.Events);

    public void Dispose() => _engine.Dispose();

    private static SimulatedDeviceSpec Truth(SimulatedDeviceSpec spec, ProfileBelief belief) => belief.Curve == 1 ? spec : spec with
    {
        Gpu = spec.Gpu with { DecodeExponent = spec.Gpu.DecodeExponent * belief.Curve, PrefillExponent = spec.Gpu.PrefillExponent * belief.Curve },
    };
}
