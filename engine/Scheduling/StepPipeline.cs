using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// The steps of a device from plan to tokens. While a device that works aside is at one, what the step before gave is put out, and, where the device can have two
/// in flight, the next is planned and begun: its newest tokens are then still to be drawn. For the engine's thread.
/// </summary>
/// <remarks>
/// A step is planned ahead unless a sequence that draws in the one before it needs its token for that (it guesses, or has a structure), or decodes find no
/// blocks: then all wait for that token, for the few microseconds that planning takes, rather than that one for a whole step. A sequence that ends by a token
/// takes part once more in a step that was planned before it was known; nothing of that is seen.
/// </remarks>
internal sealed class StepPipeline
{
    private readonly IDevice _device;
    private readonly KvCache _kv;
    private readonly KvCopies _copies;
    private readonly Scheduler _scheduler;
    private readonly LivingSequences _living;
    private readonly TokenIntake _intake;
    private readonly EngineStatistics _statistics;
    private readonly StepCostEstimator? _costs;
    private readonly TimeProvider _time;
    private readonly bool _ahead;

    // In flight, the first begun first; and those that are free.
    private readonly Queue<StepInFlight> _steps = new(2);
    private readonly Stack<StepInFlight> _free = new(2);

    public StepPipeline(
        IDevice device, KvCache kv, KvCopies copies, Scheduler scheduler, LivingSequences living, TokenIntake intake, EngineStatistics statistics, StepCostEstimator? costs, TimeProvider time)
    {
        _device = device;
        _kv = kv;
        _copies = copies;
        _scheduler = scheduler;
        _living = living;
        _intake = intake;
        _statistics = statistics;
        _costs = costs;
        _time = time;
        _ahead = device.Info.StepsInFlight > 1;
        for (var i = 0; i < 2; i++)
        {
            _free.Push(new StepInFlight(device.Info.ReadsBlockTables));
        }
    }

    /// <summary>Steps in flight.</summary>
    public int Count => _steps.Count;

    /// <summary>Plans and begins as many steps as the device takes now.</summary>
    /// <returns>False when none was begun.</returns>
    public bool Begin()
    {
        _kv.Arrive(Math.Min(_device.CopiesDone, _copies.HandedCount));
        var begun = false;
        while (_steps.Count == 0 ? TryBegin(ahead: false) : _ahead && _steps.Count == 1 && _steps.Peek().AllowsAhead && TryBegin(ahead: true))
        {
            begun = true;
        }

        return begun;
    }

    /// <summary>Waits for the first step in flight and takes what it gave.</summary>
    public void End()
    {
        var step = _steps.Peek();
        var result = _device.End();
        var ended = _time.GetTimestamp();
        step.End();
        TakeIn(step, result);
        if (!_ahead)
        {
            AddRows(step);
        }

        _intake.Take(result, ended);
        _free.Push(_steps.Dequeue());
        if (_steps.TryPeek(out var next))
        {
            Draw(next);
        }
    }

    /// <summary>Nothing else can be done: waits for what is copied into blocks.</summary>
    /// <returns>False when nothing is.</returns>
    public bool WaitForKv()
    {
        if (_kv.ArrivingBlocks == 0)
        {
            return false;
        }

        _device.WaitForCopy();
        return true;
    }

    /// <summary>Waits until all copies are done: the host's memory is given back.</summary>
    public void Drain()
    {
        while (_device.CopiesDone < _copies.HandedCount)
        {
            _device.WaitForCopy();
        }
    }

    private void HandCopies()
    {
        if (_copies.HandTo(_device) is > 0 and var count)
        {
            _statistics.CountCopies(count);
        }
    }

    /// <summary>The device has thrown: nothing is in flight any more.</summary>
    public void Abandon()
    {
        _intake.Clear();
        while (_steps.TryDequeue(out var step))
        {
            _free.Push(step);
        }
    }

    private bool TryBegin(bool ahead)
    {
        var step = _free.Peek();
        var planned = _scheduler.Plan(step, ahead);
        HandCopies();
        if (!planned || step.Plan.Slices.Length == 0)
        {
            return false;
        }

        _statistics.Begin();
        _free.Pop();
        _steps.Enqueue(step);
        step.Begin(_time.GetTimestamp());
        _device.Begin(step.Plan);
        if (_ahead && !ahead)
        {
            Draw(step);
        }

        return true;
    }

    /// <summary>All tokens before those of <paramref name="step"/> are known: the device draws them as soon as it can.</summary>
    private void Draw(StepInFlight step)
    {
        AddRows(step);
        _intake.Begin();
    }

    private void AddRows(StepInFlight step)
    {
        foreach (var scheduled in step.Scheduled)
        {
            if (scheduled.LogitsRow >= 0 && scheduled.Sequence is { HasEnded: false, WaitsForMask: false })
            {
                _intake.Add(scheduled.Sequence, scheduled.LogitsRow);
            }
        }
    }

    private void TakeIn(StepInFlight step, in StepResult result)
    {
        var energy = _statistics.Count(step.Plan, result.Duration);
        _costs?.Count(step.Plan, result.Duration);
        _scheduler.Took(step, result.Duration);
        for (var i = 0; i < step.Scheduled.Count; i++)
        {
            var scheduled = step.Scheduled[i];
            var sequence = scheduled.Sequence;
            if (sequence.HasEnded)
            {
                continue;
            }

            sequence.Joules += energy.Share(step.Plan.Slices[i]);

            // Where it is not known yet what may come next, the logits are made again with the last token.
            _scheduler.Computed(sequence, sequence.WaitsForMask && scheduled.LogitsRow >= 0 ? scheduled.Tokens - 1 : scheduled.Tokens);
            if (!sequence.WaitsForMask && sequence.Pool is { } pool && pool.Add(result, scheduled, sequence))
            {
                Embed(sequence, pool);
            }
        }
    }

    private void Embed(Sequence sequence, EmbeddingPool pool)
    {
        if (pool.TryEmbedding() is { } embedding)
        {
            _living.End(sequence, -1, FinishReason.Stop, embedding: embedding);
        }
        else
        {
            _living.End(sequence, FinishReason.Error, _intake.NotFinite);
        }
    }
}
