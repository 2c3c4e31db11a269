using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Continuous batching on one device: sequences join and leave between steps. <see cref="Step"/> does one
/// schedule - execute - sample - emit; a driver calls it, a dedicated thread in a live silo. Nothing here sleeps or waits.
/// </summary>
public sealed class InferenceEngine : IInferenceEngine, IDisposable
{
    private readonly IDevice _device;
    private readonly Tokenizer _tokenizer;
    private readonly IEngineSink _sink;
    private readonly TimeProvider _time;
    private readonly EngineOptions _options;
    private readonly KvEventBuffer _kvEvents;
    private readonly KvCache _kv;
    private readonly Scheduler _scheduler;
    private readonly StepTokens _tokens;
    private readonly EngineStatistics _statistics;
    private readonly StepCostEstimator? _costs;
    private readonly HostBlockTier? _host;
    private readonly BlockHash _hashRoot;
    private readonly StepPlan _plan;
    private readonly EngineInbox _inbox;
    private readonly RequestLimits _limits;
    private readonly PendingMasks _masks;
    private readonly StepOutputs _outputs = new();
    private readonly Dictionary<long, Sequence> _sequences = [];
    private readonly PriorityQueue<Sequence, long> _deadlines = new();
    private int _accepted;
    private long _order;
    private volatile bool _stopping;

    /// <summary>
    /// An engine that owns <paramref name="device"/>'s blocks; the device itself stays the caller's to dispose, the
    /// <paramref name="meter"/> too. Engines of one model can share their <paramref name="grammars"/>.
    /// </summary>
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
        GrammarCache? grammars = null)
    {
        _options = options ?? new EngineOptions();
        _options.Validate();
        _device = device;
        _plan = new StepPlan(device.Info.ReadsBlockTables);
        _tokenizer = tokenizer;
        Model = model;
        _sink = sink;
        _time = time ?? TimeProvider.System;
        _hashRoot = BlockHash.Root(model, _options.KvType);
        _host = _options.HostBlocks > 0 ? new HostBlockTier(device, _options.HostBlocks, _options.HostPath) : null;
        _kvEvents = new KvEventBuffer(_time.GetUtcNow().UtcTicks, _options.KvEventBacklog);
        _kv = new KvCache(device.Info.BlockCount, _host, _kvEvents);
        _costs = device.Info.Profile is null ? new StepCostEstimator(power) : null;
        var costs = device.Info.Profile is { } profile ? StepCosts.Of(profile) : default(StepCosts?);
        var budget = new StepBudget(Math.Min(_options.MaxStepTokens, device.Info.MaxStepTokens), _options, costs, _costs);
        _scheduler = new Scheduler(_kv, device, _options, budget, _time, id => _sequences.GetValueOrDefault(id));
        grammars ??= new GrammarCache(tokenizer);
        _masks = new PendingMasks(grammars.Masks, () => WorkArrived?.Invoke());
        _inbox = new EngineInbox(tokenizer, grammars, _time, () => WorkArrived?.Invoke());
        _limits = new RequestLimits(device.Info, _kv.TotalBlocks, model);
        _tokens = new StepTokens(device, tokenizer);
        PowerMeter = meter;
        PowerCap = cap ?? power as IPowerCap;
        _statistics = new EngineStatistics(power, meter, _time, _kv.TotalBlocks);
    }

    /// <summary>Raised, on the submitting thread, when there may be work: the driver wakes by it.</summary>
    public event Action? WorkArrived;

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
    public DeviceProfile Profile => Device.Profile ?? _costs!.Profile;

    /// <inheritdoc/>
    public EngineState State => _statistics.State;

    /// <inheritdoc/>
    public void Submit(InferenceRequest request)
    {
        _limits.Check(request);
        if (_stopping)
        {
            throw new RequestRefusedException(RefusalReason.Stopping, $"Device {Device.Name} is stopping.", TimeSpan.FromSeconds(1));
        }

        if (Interlocked.Increment(ref _accepted) > _options.MaxRunning + _options.MaxWaiting)
        {
            Interlocked.Decrement(ref _accepted);
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
        _outputs.Clear();
        if (_stopping)
        {
            _inbox.EndPending($"Device {Device.Name} was stopped.");
        }

        TakeCommands();
        CutLate();
        while (_masks.Take() is { } found)
        {
            FindMask(found);
        }

        if (_stopping)
        {
            EndAll($"Device {Device.Name} was stopped.");
        }

        _scheduler.Plan(_plan);
        if (_plan.Slices.Length > 0)
        {
            Execute();
        }

        _kvEvents.Drain(_sink);
        var worked = _plan.Slices.Length > 0 || _outputs.Count > 0 || _kvEvents.Count > 0;
        _statistics.Publish(_scheduler, _kv, idle: _plan.Slices.Length == 0);
        if (_outputs.Count > 0)
        {
            _outputs.Deliver(_sink);
        }

        return worked;
    }

    /// <summary>
    /// Ends every sequence because the device failed; the engine itself stays usable. The driver calls it when <see cref="Step"/> throws.
    /// </summary>
    public void Fail(string error)
    {
        _outputs.Clear();
        _tokens.Clear();
        EndAll(error);
        _outputs.Deliver(_sink);
    }

    /// <summary>What the engine has counted: a snapshot made after each step, for metrics.</summary>
    public EngineCounters Counters => _statistics.Counters;

    /// <summary>Gives the host tier back; no thread may be in <see cref="Step"/> any more.</summary>
    public void Dispose()
    {
        Stop();
        _inbox.Close();
        _host?.Dispose();
    }

    /// <summary>Throws when an invariant of blocks and sequences is broken; for tests and for idle moments.</summary>
    public void CheckIntegrity() => _kv.CheckIntegrity(_sequences.Values.Select(static sequence => sequence.Table));

    private BlockHash? HashRoot(InferenceRequest request) =>
        !_options.PrefixCache || request.WantsEmbedding ? null : request.CacheSalt is null ? _hashRoot : BlockHash.Root(Model, _options.KvType, request.CacheSalt);

    private void TakeCommands()
    {
        while (_inbox.TryTake(out var command))
        {
            if (command.Sequence is { } sequence)
            {
                TakeIn(sequence);
            }
            else if (command.Dump is { } dump)
            {
                dump.Answer.TrySetResult(_kv.Dump(dump.Room));
            }
            else if (_sequences.TryGetValue(command.Id, out var cancelled))
            {
                End(cancelled, -1, "", FinishReason.Cancelled, null);
            }
        }
    }

    private void TakeIn(Sequence sequence)
    {
        var request = sequence.Request;
        if (!_sequences.TryAdd(request.Id, sequence))
        {
            Interlocked.Decrement(ref _accepted);
            sequence.Grammar?.Dispose();
            _outputs.Add(new SequenceOutput(
                request, 0, -1, "", FinishReason.Error, null, $"A request with the id {request.Id} is running already."));
            return;
        }

        sequence.Order = ++_order;
        if (sequence.Ending is { } ending)
        {
            End(sequence, -1, "", ending.Reason, ending.Message);
            return;
        }

        _scheduler.Add(sequence);
        FindMask(sequence);
        if (request.Deadline is { } deadline)
        {
            _deadlines.Enqueue(sequence, sequence.SubmittedAt + (long)(deadline.TotalSeconds * _time.TimestampFrequency));
        }
    }

    /// <summary>Ends what is past its deadline, or cannot have its first token before it any more.</summary>
    private void CutLate()
    {
        while (_deadlines.TryPeek(out var sequence, out var at) && (sequence.HasEnded || at <= _time.GetTimestamp()))
        {
            _deadlines.Dequeue();
            if (!sequence.HasEnded)
            {
                var fault = sequence.Starts == 0 ? "while the request was waiting" : $"after {sequence.OutputCount} output tokens";
                End(sequence, -1, sequence.Text.Flush(), FinishReason.Deadline, $"The deadline of {sequence.Request.Deadline!.Value.TotalSeconds:0.###} s passed {fault}.");
            }
        }
    }

    private void FindMask(Sequence sequence)
    {
        // A simulated device gives tokens, which no structure holds.
        if (!Device.Simulated && _masks.Find(sequence) is { } fault)
        {
            End(sequence, -1, sequence.Text.Flush(), FinishReason.Refused, fault);
        }
    }

    private void Execute()
    {
        var started = _time.GetTimestamp();
        _statistics.Begin();
        var result = _device.Execute(_plan);
        var ended = _time.GetTimestamp();
        var energy = _statistics.Count(_plan, result.Duration);
        _costs?.Count(_plan, result.Duration);
        _scheduler.Took(result.Duration);
        var slice = 0;
        foreach (var scheduled in _scheduler.Scheduled)
        {
            var sequence = scheduled.Sequence;
            if (sequence.StartedAt == 0)
            {
                sequence.StartedAt = started;
            }

            sequence.Joules += energy.Share(_plan.Slices[slice++]);

            // Where it is not known yet what may come next, the logits are made again with the last token.
            _scheduler.Computed(sequence, sequence.WaitsForMask && scheduled.LogitsRow >= 0 ? scheduled.Tokens - 1 : scheduled.Tokens);
            if (sequence.WaitsForMask)
            {
                continue;
            }

            if (scheduled.LogitsRow >= 0)
            {
                _tokens.Add(sequence, scheduled.LogitsRow);
            }
            else if (sequence.Pool is { } pool && pool.Add(result, scheduled, sequence))
            {
                End(sequence, -1, "", FinishReason.Stop, null, embedding: pool.Embedding());
            }
        }

        TakeTokens(result, ended);
    }

    /// <summary>Takes the next token of each sequence, and the ones after it as long as they are what was guessed.</summary>
    private void TakeTokens(in StepResult result, long now)
    {
        while (_tokens.Draw(result))
        {
            for (var i = 0; i < _tokens.Count; i++)
            {
                Take(_tokens[i], now);
            }
        }
    }

    private void Take(in DrawnToken drawn, long now)
    {
        var (sequence, accepted) = (drawn.Sequence, drawn.Accepted);
        if (drawn.Token < 0)
        {
            var (reason, error) = drawn.Token == SamplingRow.NotFinite
                ? (FinishReason.Error, $"The model {Model} gives logits that are no finite numbers: its file is damaged, or not what its architecture says.")
                : (FinishReason.Refused, "No token of the model can go on the structure that the request asks for.");
            End(sequence, -1, sequence.Text.Flush(), reason, error);
            return;
        }

        var guess = accepted < sequence.GuessCount ? sequence.NextGuess : -1;
        TakeToken(sequence, drawn.Token, drawn.Logprobs, now);
        if (drawn.Token != guess || sequence.HasEnded || sequence.WaitsForMask)
        {
            _scheduler.Counters.CountGuess(sequence.GuessCount, accepted);
            sequence.EndGuess(accepted);
            return;
        }

        _scheduler.Computed(sequence, 1);
        _tokens.Add(sequence, drawn.Row + 1, accepted + 1);
    }

    private void TakeToken(Sequence sequence, int token, TokenLogprobs? logprobs, long now)
    {
        if (sequence.OutputCount == 0)
        {
            sequence.FirstTokenAt = now;
        }

        sequence.Append(token);
        _statistics.CountOutput();
        var request = sequence.Request;
        if (_tokenizer.IsEndOfGeneration(token) && !request.IgnoreEndOfGeneration)
        {
            End(sequence, token, sequence.Text.Flush(), FinishReason.Stop, null, logprobs);
            return;
        }

        if (request.StopTokens.Contains(token) && sequence.TotalOutputCount > request.Sampling.MinTokens)
        {
            End(sequence, token, sequence.Text.Flush(), FinishReason.Stop, null, logprobs);
            return;
        }

        var text = sequence.Text.Append(token);
        if (sequence.Text.Stopped)
        {
            End(sequence, token, text, FinishReason.Stop, null, logprobs);
        }
        else if (sequence.OutputCount == request.MaxTokens)
        {
            End(sequence, token, text + sequence.Text.Flush(), FinishReason.Length, null, logprobs);
        }
        else
        {
            _outputs.Add(new SequenceOutput(request, sequence.OutputCount - 1, token, text, FinishReason.None, null, null, logprobs));
            FindMask(sequence);
        }
    }

    private void EndAll(string error)
    {
        foreach (var sequence in _sequences.Values.ToArray())
        {
            End(sequence, -1, "", FinishReason.Error, error);
        }
    }

    private void End(Sequence sequence, int token, string text, FinishReason reason, string? error, TokenLogprobs? logprobs = null, float[]? embedding = null)
    {
        sequence.HasEnded = true;
        sequence.Sampling.Constraint?.IsAbandoned = true;
        sequence.Grammar?.Dispose();
        _scheduler.Remove(sequence);
        _sequences.Remove(sequence.Request.Id);
        Interlocked.Decrement(ref _accepted);
        var offset = token < 0 ? sequence.OutputCount : sequence.OutputCount - 1;
        _outputs.Add(new SequenceOutput(sequence.Request, offset, token, text, reason, sequence.Usage(_time, _statistics.EnergySource, Device.Simulated), error, logprobs, embedding));
    }
}
