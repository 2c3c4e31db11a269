using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Continuous batching on one device: sequences join and leave between steps. <see cref="Step"/> does one
/// schedule - execute - sample - emit; a driver calls it, a dedicated thread in a live silo. It waits for the device alone; only the driver sleeps.
/// </summary>
public sealed class InferenceEngine : IInferenceEngine, IDisposable
{
    private readonly IDevice _device;
    private readonly IEngineSink _sink;
    private readonly TimeProvider _time;
    private readonly EngineOptions _options;
    private readonly KvEventBuffer _kvEvents;
    private readonly KvCache _kv;
    private readonly Scheduler _scheduler;
    private readonly Speculation _speculation;
    private readonly EngineStatistics _statistics;
    private readonly StepCostEstimator? _costs;
    private readonly HostBlockTier? _host;
    private readonly IDisposable? _pinned;
    private readonly BlockHash _hashRoot;
    private readonly KvTransfers _transfers;
    private readonly StepPipeline _steps;
    private readonly EngineInbox _inbox;
    private readonly RequestLimits _limits;
    private readonly PendingMasks _masks;
    private readonly StepOutputs _outputs = new();
    private readonly EngineFaults _faults = new();
    private readonly EngineHealth _health;
    private readonly LivingSequences _living;
    private readonly TokenIntake _intake;
    private readonly Func<SequenceOutput, string, Exception, SequenceOutput> _lose;
    private readonly AcceptedRequests _accepted;
    private volatile bool _stopping;
    private double _price;

    /// <summary>
    /// An engine that owns <paramref name="device"/>'s blocks; the device itself stays the caller's to dispose, the
    /// <paramref name="meter"/> too, and the device of <paramref name="draft"/>, which guesses ahead. Engines of one model can share their <paramref name="grammars"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The device says of its blocks what cannot be, see <see cref="KvBlockSize.Of"/>; or <paramref name="draft"/> cannot be a draft.</exception>
    public InferenceEngine(
        IDevice device,
        Tokenizer tokenizer,
        string model,
        IEngineSink sink,
        IPowerModel power,
        EngineOptions? options = null,
        TimeProvider? time = null,
        IPowerMeter? meter = null,
        IPowerCap? cap = null,
        GrammarCache? grammars = null,
        DraftModel? draft = null)
    {
        _options = options ?? new EngineOptions();
        _options.Validate();
        _device = device;
        Model = model;
        _sink = sink;
        _time = time ?? TimeProvider.System;
        var blockSize = KvBlockSize.Of(device.Info);
        _hashRoot = BlockHash.Root(model, _options.KvType);
        var copies = new KvCopies();
        _host = _options.HostBlocks > 0 ? new HostBlockTier(copies, device.Info.BlockBytes, _options.HostBlocks, _options.HostPath, device.Info.StateSlots > 0 ? device.Info.StateBytes : 0) : null;
        _kvEvents = new KvEventBuffer(_time.GetUtcNow().UtcTicks, _options.KvEventBacklog);
        var states = device.Info.StateSlots > 0 ? new StateSlots(device.Info.StateSlots, copies) : null;
        _kv = new KvCache(device.Info.BlockCount, blockSize, _host, _kvEvents, states, device.Info.KvGroups);
        _costs = device.Info.Profile is null ? new StepCostEstimator(power) : null;
        var costs = device.Info.Profile is { } profile ? StepCosts.Of(profile) : default(StepCosts?);
        var budget = new StepBudget(Math.Min(_options.MaxStepTokens, device.Info.MaxStepTokens), _options, costs, _costs);
        PowerMeter = meter;
        PowerCap = cap ?? power as IPowerCap;
        _statistics = new EngineStatistics(power, meter, _time, _kv.TotalBlocks, PowerCap);
        _transfers = new KvTransfers(device, _kv, copies, _statistics.CountCopies);
        _speculation = new Speculation(device.Info, budget.MaxTokens, [.. Drafters(draft, tokenizer)]);
        _scheduler = new Scheduler(_kv, copies, _transfers, device, _options, budget, _time, _speculation, id => _living!.TryFind(id, out var sequence) ? sequence : null);
        grammars ??= new GrammarCache(tokenizer);
        _health = new EngineHealth(_time);
        _masks = new PendingMasks(grammars.Masks, Wake);
        _inbox = new EngineInbox(tokenizer, blockSize, grammars, _time, Wake);
        _limits = new RequestLimits(device.Info, _kv.TotalBlocks, model);
        _accepted = new AcceptedRequests(_options);
        _living = new LivingSequences(_scheduler, _outputs, _statistics, _faults, device.Info, _time, _accepted.Leave);
        _lose = _living.Lose;
        _intake = new TokenIntake(new StepTokens(device, tokenizer), _living, _scheduler, _masks, _outputs, _statistics, tokenizer, model, device.Info.Simulated);
        _steps = new StepPipeline(device, _transfers, _scheduler, _speculation, _living, _intake, _statistics, _health, _costs, _time);
        _pinned = _host is null ? null : device.PinHost(_host.Address, _host.Bytes);
    }

    /// <summary>Raised, on the submitting thread, when there may be work: the driver wakes by it.</summary>
    public event Action? WorkArrived;

    /// <summary>Told, on the engine's thread, of each exception that ended a request and nothing else: for the log.</summary>
    public Action<RequestFault>? RequestFailed
    {
        get => _faults.Listener;
        set => _faults.Listener = value;
    }

    /// <inheritdoc/>
    public DeviceInfo Device => _device.Info;

    /// <inheritdoc/>
    public string Model { get; }

    /// <inheritdoc/>
    public string KvType => _options.KvType;


    /// <inheritdoc/>
    public IPowerMeter? PowerMeter { get; }

    /// <inheritdoc/>
    public IPowerCap? PowerCap { get; }

    /// <inheritdoc/>
    public double Price
    {
        get => Volatile.Read(ref _price);
        set => Volatile.Write(ref _price, value);
    }

    /// <inheritdoc/>
    public DeviceProfile Profile => Device.Profile ?? _costs!.Profile;

    /// <inheritdoc/>
    public EngineState State => _health.Of(_statistics.State);

    /// <inheritdoc/>
    public void Submit(InferenceRequest request)
    {
        _limits.Check(request);
        if (_stopping)
        {
            throw new RequestRefusedException(RefusalReason.Stopping, $"Device {Device.Name} is stopping.", TimeSpan.FromSeconds(1));
        }

        if (!_accepted.TryEnter(request))
        {
            throw new RequestRefusedException(
                RefusalReason.Overloaded, $"Device {Device.Name} has {_options.MaxWaiting} requests waiting.", _statistics.RetryAfter(_options.MaxWaiting));
        }

        _inbox.Submit(request, HashRoot(request));
    }

    /// <inheritdoc/>
    public void Cancel(long requestId) => _inbox.Cancel(requestId);

    /// <inheritdoc/>
    public Task<KvDump> DumpKvAsync(CancellationToken cancellation) => _stopping
        ? Task.FromCanceled<KvDump>(new CancellationToken(canceled: true))
        : _inbox.Dump(_kv.DumpCapacity).WaitAsync(cancellation);

    /// <summary>The most work that a step spent on the structures of outputs, in the pieces of <see cref="PendingMasks.WorkPerStep"/>.</summary>
    internal long MostMaskWork => _masks.MostWork;

    /// <summary>Times a sequence lost its blocks to another.</summary>
    public long Preemptions => _scheduler.Counters.Preemptions;

    /// <summary>Refuses new requests from now on and ends all others with <see cref="FinishReason.Error"/> at the next step.</summary>
    public void Stop()
    {
        _stopping = true;
        WorkArrived?.Invoke();
    }

    /// <summary>
    /// Does one step. Only one thread at a time may call it.
    /// </summary>
    /// <returns>False when there was nothing to do.</returns>
    public bool Step()
    {
        var arrivals = _health.Arrivals;
        if (_stopping)
        {
            _inbox.EndPending($"Device {Device.Name} was stopped.");
        }

        TakeCommands();
        _living.CutLate();
        TakeMasks();
        if (_stopping)
        {
            _living.EndAll($"Device {Device.Name} was stopped.");
        }

        _scheduler.Programs.Price = Price;
        var begun = _steps.Begin();
        var puts = _outputs.Count > 0 || _kvEvents.Count > 0;
        if (puts && _device.Info.StepsInFlight > 0)
        {
            // What the step before gave, while the device works at this one.
            HandOver();
        }

        var runs = _steps.Count > 0;
        if (runs)
        {
            _steps.End();
            _health.Finished();
        }
        else if (_transfers.Wait())
        {
            _health.Finished();
            begun = true;
        }
        else
        {
            _health.Rested(arrivals);
        }

        // A device that works aside has its next step first.
        var waits = runs && _device.Info.StepsInFlight > 0;
        puts |= _outputs.Count > 0 || _kvEvents.Count > 0;
        if (waits)
        {
            _statistics.Publish(_scheduler, _kv, _speculation.Use, _faults.Count, idle: false);
        }
        else
        {
            _statistics.Publish(_scheduler, _kv, _speculation.Use, _faults.Count, idle: !runs);
            HandOver();
        }

        return begun || runs || puts || _outputs.LateCount > 0;
    }

    /// <summary>
    /// Ends every sequence because the device failed; the engine itself stays usable. The driver calls it when <see cref="Step"/> throws.
    /// </summary>
    public void Fail(string error)
    {
        _health.Failed(error);
        _steps.Abandon();
        _living.EndAll(error);
        _statistics.Publish(_scheduler, _kv, _speculation.Use, _faults.Count, idle: true);
        HandOver();
    }

    /// <summary>What the engine has counted: a snapshot made after each step, for metrics.</summary>
    public EngineCounters Counters => _statistics.Counters;

    /// <summary>Gives the host tier back; no thread may be in <see cref="Step"/> any more.</summary>
    public void Dispose()
    {
        Stop();
        _inbox.Close();
        _transfers.Drain();
        _pinned?.Dispose();
        _host?.Dispose();
    }

    /// <summary>Throws when an invariant of blocks and sequences is broken; for tests and for idle moments.</summary>
    public void CheckIntegrity()
    {
        _kv.CheckIntegrity(_living.Tables);
        _speculation.CheckIntegrity(_living.All);
    }

    /// <summary>
    /// What living and ended requests hold here beside blocks: places, deadlines, announced and awaited prefixes, structures that are compiled or looked
    /// for, undelivered ends. For tests: 0 when nothing runs.
    /// </summary>
    internal long LeftOver => _accepted.Count + _living.Count + _living.DeadlineCount + _scheduler.PendingPrefixCount + _inbox.Count + _masks.Count + _outputs.LateCount;

    private IEnumerable<IDrafter> Drafters(DraftModel? draft, Tokenizer tokenizer)
    {
        yield return new NGramDrafter();
        if (draft is null)
        {
            yield break;
        }

        void Failed(Exception fault) => _faults.Report(0, $"the draft model {draft.Name} guessed, which it does no more", fault);
        yield return draft.Device.Info.InputSize > 0
            ? new HeadDrafter(draft, tokenizer, _device.Info, _statistics.CountDraft, Failed)
            : new ModelDrafter(draft, tokenizer, _device.Info.VocabularySize, _options, _statistics.CountDraft, Failed);
    }

    private BlockHash? HashRoot(InferenceRequest request) =>
        !_options.PrefixCache || request.WantsEmbedding ? null : request.CacheSalt is null ? _hashRoot : BlockHash.Root(Model, _options.KvType, request.CacheSalt);

    private void Wake()
    {
        _health.Arrived();
        WorkArrived?.Invoke();
    }

    private void TakeCommands()
    {
        while (_inbox.TryTake(out var command))
        {
            if (command.Sequence is { } sequence)
            {
                _speculation.Join(sequence);
                if (_living.Add(sequence))
                {
                    _intake.FindMask(sequence);
                }
            }
            else if (command.Ended is { } ended)
            {
                _living.Tell(ended);
            }
            else if (command.Dump is { } dump)
            {
                dump.Answer.TrySetResult(_kv.Dump(dump.Room));
            }
            else if (_living.TryFind(command.Id, out var cancelled))
            {
                _living.End(cancelled, -1, FinishReason.Cancelled);
            }
        }
    }

    private void TakeMasks()
    {
        while (_masks.TryTake(out var sequence, out var fault))
        {
            if (fault is null)
            {
                _intake.FindMask(sequence);
            }
            else
            {
                _living.Fail(sequence, "what its structure allows was looked for", fault);
            }
        }
    }

    /// <summary>Hands over what steps gave.</summary>
    private void HandOver()
    {
        try
        {
            _kvEvents.Drain(_sink);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // They are lost: who follows the cache finds the gap by the ids of the next ones, and then asks for all of it.
            _faults.Report(0, "changes of the prefix cache were handed over", fault);
        }

        if (_outputs.Count + _outputs.LateCount > 0)
        {
            _outputs.Deliver(_sink, _lose);
        }
    }
}
