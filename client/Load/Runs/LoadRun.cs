using System.Diagnostics;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Load.Runs;

/// <summary>Plays scripts against a server, in an open loop or a closed one, until there are no more, their number or time is over, or it is told to end.</summary>
internal sealed class LoadRun : IDisposable
{
    // A call asks no more often, and waits no less between.
    private const int MostRefusals = 100;
    private const double LeastWaitSeconds = 0.01;

    private readonly LoadRunOptions _options;
    private readonly PreciseClock _clock = new("load pacer");
    private readonly ICaller _caller;
    private readonly SemaphoreSlim _room;
    private readonly Lock _planning = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _began;
    private long _scripts;
    private long _running = 1;
    private volatile bool _stopped;
    private Exception? _fault;

    public LoadRun(LoadRunOptions options)
    {
        _options = options;
        _caller = options.Cluster is { } cluster ? new ClusterCaller(options, cluster)
            : new Caller(options, options.Target ?? throw new ArgumentException("A run needs a server, over HTTP or over Orleans.", nameof(options)));
        _room = new SemaphoreSlim(options.MostInFlight);
        Measures = new LoadMeasures(options.Slo);
    }

    /// <summary>What is measured.</summary>
    public LoadMeasures Measures { get; }

    /// <summary>How well the generator keeps up.</summary>
    public GeneratorHealth Health { get; } = new();

    /// <summary>What makes the calls.</summary>
    public ICaller Caller => _caller;

    /// <summary>Since the run began, s.</summary>
    public double Seconds => _began == 0 ? 0 : PreciseClock.Seconds(Stopwatch.GetTimestamp() - _began);

    /// <summary>When the run began, in ticks; 0 before.</summary>
    public long Began => _began;

    /// <summary>Scripts begun so far.</summary>
    public long Scripts => Volatile.Read(ref _scripts);

    /// <summary>Whether it begins no more calls, for it was told that there are enough.</summary>
    public bool Finished => _finished.Task.IsCompleted;

    /// <summary>Whether it was stopped before its end.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>Sets the clock of the run to 0, unless that has been done; the moment, in ticks.</summary>
    public long Begin() => _began == 0 ? _began = Stopwatch.GetTimestamp() : _began;

    /// <summary>Runs to the end. Stopped by <paramref name="interrupted"/> it ends at once, and what it has measured stays.</summary>
    public async Task Run(CancellationToken interrupted)
    {
        Begin();
        using var stop = interrupted.UnsafeRegister(static run => ((LoadRun)run!).Interrupt(), this);
        if (_options.Concurrency > 0)
        {
            for (var place = 0; place < _options.Concurrency; place++)
            {
                Begin(static (run, place) => run.Place((int)place), place);
            }
        }
        else
        {
            Begin(static (run, _) => run.Pace(), 0);
        }

        Leave();
        await Idle();
        Health.Stop();
        if (_fault is { } fault)
        {
            throw new InvalidOperationException($"The load generator has a fault: {fault.Message}", fault);
        }
    }

    /// <summary>Begins no more calls; what is in flight has the grace to end. What waits for a moment, be it an arrival, the end of a pause or a time that a refusal named, waits no longer.</summary>
    public void Finish()
    {
        if (_finished.TrySetResult())
        {
            _clock.Stop();
        }
    }

    public void Dispose()
    {
        _stopped = true;
        _clock.Dispose();
        _caller.Dispose();
        Health.Dispose();
        _room.Dispose();
    }

    private bool Over => _stopped || Finished || Seconds >= _options.MostSeconds;

    private void Interrupt()
    {
        Interrupted = true;
        Stop();
    }

    private void Stop()
    {
        _stopped = true;
        _clock.Stop();
        _caller.CutAll();
    }

    /// <summary>Waits until nothing runs; what takes longer than the grace after the last beginning is cut.</summary>
    private async Task Idle()
    {
        var last = double.IsFinite(_options.MostSeconds) ? Task.Delay(TimeSpan.FromSeconds(_options.MostSeconds), CancellationToken.None) : Task.Delay(Timeout.Infinite, CancellationToken.None);
        await Task.WhenAny(_idle.Task, _finished.Task, last);
        if (!_idle.Task.IsCompleted)
        {
            await Task.WhenAny(_idle.Task, Task.Delay(TimeSpan.FromSeconds(_options.GraceSeconds), CancellationToken.None));
        }

        if (!_idle.Task.IsCompleted)
        {
            Stop();
        }

        await _idle.Task;
    }

    private void Begin(Func<LoadRun, long, Task> work, long number)
    {
        Interlocked.Increment(ref _running);
        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Run.Do(state.Work, state.Number), (Run: this, Work: work, Number: number), preferLocal: false);
    }

    private async Task Do(Func<LoadRun, long, Task> work, long number)
    {
        try
        {
            await work(this, number);
        }
        catch (Exception e)
        {
            // A fault of ours ends the run, with its words.
            Interlocked.CompareExchange(ref _fault, e, null);
            Stop();
        }
        finally
        {
            Leave();
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _running) == 0)
        {
            _idle.TrySetResult();
        }
    }

    /// <summary>The open loop.</summary>
    private async Task Pace()
    {
        var timer = new PreciseTimer(inline: true);
        while (!Over && Plan() is { } script)
        {
            var start = script.StartSeconds ?? throw new InvalidOperationException("A script of an open loop must say when it starts.");
            if (start >= _options.MostSeconds)
            {
                return;
            }

            var due = _began + PreciseClock.Ticks(start);
            await _clock.Until(due, timer);
            if (_stopped || Finished)
            {
                return;
            }

            Interlocked.Increment(ref _running);
            ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Run.Do((run, _) => run.Play(state.Script, state.Due), 0), (Run: this, Script: script, Due: due), preferLocal: false);
        }
    }

    /// <summary>One place of the closed loop.</summary>
    private async Task Place(int place)
    {
        var due = _began + PreciseClock.Ticks(_options.RampSeconds * place / _options.Concurrency);
        await _clock.Until(due, new PreciseTimer(inline: false));
        while (!Over && Plan() is { } script)
        {
            due = await Play(script, due);
        }
    }

    private Script? Plan()
    {
        lock (_planning)
        {
            if (_scripts >= _options.MostScripts)
            {
                return null;
            }

            if (_options.Scripts.Next() is not { } script)
            {
                return null;
            }

            _scripts++;
            return script;
        }
    }

    /// <summary>Plays a script that is due at <paramref name="due"/>; when it had ended.</summary>
    private async Task<long> Play(Script script, long due)
    {
        if (script.Calls[0].After is not null)
        {
            return await PlayWorkflow(script, due);
        }

        PreciseTimer? timer = null;
        for (var i = 0; i < script.Calls.Count && !_stopped && !(Finished && i > 0); i++)
        {
            var call = script.Calls[i];
            if (call.Agents is { Count: > 0 } agents)
            {
                var begin = due;
                due = (await Task.WhenAll(agents.Select(agent => Play(agent, begin)))).Max();
            }

            due += PreciseClock.Ticks(call.PauseSeconds);
            if (call.PauseSeconds > 0 && !await Pause(due, timer ??= new PreciseTimer(inline: false)))
            {
                return due;
            }

            var (ended, whole) = await Make(call, script.Program, due);
            due = ended;
            if (!whole)
            {
                // Whoever has no answer has nothing to go on with.
                return due;
            }
        }

        return due;
    }

    /// <summary>Plays a script whose calls say what they wait for; when the last had ended. What waits for a call without an answer is not made.</summary>
    private async Task<long> PlayWorkflow(Script script, long due)
    {
        var ends = new Task<(long Ended, bool Whole)>[script.Calls.Count];
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = Step(script.Calls[i]);
        }

        return (await Task.WhenAll(ends)).Max(static end => end.Ended);

        async Task<(long Ended, bool Whole)> Step(PlannedCall call)
        {
            var (begin, goesOn) = (due, !_stopped);
            foreach (var place in call.After ?? [])
            {
                var (ended, whole) = await ends[place];
                begin = Math.Max(begin, ended);
                goesOn &= whole && !_stopped && !Finished;
            }

            var at = begin + PreciseClock.Ticks(call.PauseSeconds);
            return goesOn && (call.PauseSeconds == 0 || await Pause(at, new PreciseTimer(inline: false))) ? await Make(call, call.Program ?? script.Program, at) : (begin, false);
        }
    }

    /// <summary>Waits for a call's moment; false where none is made any more then.</summary>
    private async Task<bool> Pause(long due, PreciseTimer timer)
    {
        if (due - _began >= _options.MostSeconds * Stopwatch.Frequency)
        {
            return false;
        }

        await _clock.Until(due, timer);
        return !Finished;
    }

    private async Task<(long Ended, bool Whole)> Make(PlannedCall call, string? program, long due)
    {
        var record = new CallRecord { Number = call.Number, Program = program, Intended = due, Dispatched = Stopwatch.GetTimestamp() };
        var slow = _options.Slow.Is(call.Number, _options.Seed);
        var measured = !slow && call.Number >= _options.WarmUpCalls && due - _began >= PreciseClock.Ticks(_options.WarmUpSeconds);
        Measures.Begin();
        PreciseTimer? timer = null;
        CallRecord? refused = null;
        while (true)
        {
            if (await Make(call, record, measured, slow, first: refused is null) is not { } made)
            {
                record = refused ?? record with { Started = record.Dispatched, Ended = Stopwatch.GetTimestamp(), End = CallEnd.Unfinished };
                break;
            }

            // Whoever is told to come again at once would else do nothing but ask.
            var wait = Math.Max(made.RetryAfterSeconds ?? double.NaN, LeastWaitSeconds);
            if (made.End != CallEnd.Refused || _stopped || Finished || made.Refusals == MostRefusals || !(made.WaitedSeconds + wait <= _options.MostWaitSeconds))
            {
                record = made;
                break;
            }

            await _clock.Until(made.Ended + PreciseClock.Ticks(wait), timer ??= new PreciseTimer(inline: false));
            var waited = made.WaitedSeconds + Math.Min(wait, PreciseClock.Seconds(PreciseClock.Now - made.Ended));
            refused = made with { WaitedSeconds = waited };
            if (_stopped || Finished)
            {
                // The server has refused it, and the end of the run makes that no answer that was under way.
                record = refused.Value;
                break;
            }

            record = record with { HeldBack = made.HeldBack, Refusals = made.Refusals + 1, WaitedSeconds = waited };
        }

        if (slow)
        {
            Measures.PassSlow(record.End);
        }
        else if (measured)
        {
            Measures.Add(record);
        }
        else
        {
            Measures.Pass();
        }

        _options.Ended?.Invoke(record, measured);
        return (record.Ended, record.End == CallEnd.Whole);
    }

    /// <summary>Asks once; null where the run was stopped before.</summary>
    private async Task<CallRecord?> Make(PlannedCall call, CallRecord record, bool measured, bool slow, bool first)
    {
        var room = _room.WaitAsync(CancellationToken.None);
        record = first ? record with { HeldBack = !room.IsCompleted } : record;
        await room;
        try
        {
            return _stopped
                ? null
                : await _caller.Make(call, record, measured ? Measures.ChunkGap : null, slow ? _options.Slow.PauseSeconds : 0, CancellationToken.None);
        }
        finally
        {
            _room.Release();
        }
    }
}
