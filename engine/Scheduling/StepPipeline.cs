using Crescent.Engine.Devices;

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
    private readonly KvTransfers _transfers;
    private readonly Scheduler _scheduler;
    private readonly Speculation _speculation;
    private readonly LivingSequences _living;
    private readonly TokenIntake _intake;
    private readonly EngineStatistics _statistics;
    private readonly EngineHealth _health;
    private readonly StepCostEstimator? _costs;
    private readonly TimeProvider _time;
    private readonly bool _ahead;

    // The device was called and has not come back.
    private bool _inDevice;

    // In flight, the first begun first; and those that are free.
    private readonly Queue<StepInFlight> _steps = new(2);
    private readonly Stack<StepInFlight> _free = new(2);

    public StepPipeline(
        IDevice device, KvTransfers transfers, Scheduler scheduler, Speculation speculation, LivingSequences living, TokenIntake intake, EngineStatistics statistics, EngineHealth health,
        StepCostEstimator? costs, TimeProvider time)
    {
        _device = device;
        _transfers = transfers;
        _scheduler = scheduler;
        _speculation = speculation;
        _living = living;
        _intake = intake;
        _statistics = statistics;
        _health = health;
        _costs = costs;
        _time = time;

        // A state is kept and goes back between two steps.
        _ahead = device.Info.StepsInFlight > 1 && device.Info.StateSlots == 0;
        var blockSize = KvBlockSize.Of(device.Info);
        for (var i = 0; i < 2; i++)
        {
            _free.Push(new StepInFlight(blockSize, device.Info.ReadsBlockTables, device.Info.KvGroups.Count));
        }
    }

    /// <summary>Steps in flight.</summary>
    public int Count => _steps.Count;

    /// <summary>Plans and begins as many steps as the device takes now.</summary>
    /// <returns>False when none was begun.</returns>
    public bool Begin()
    {
        _transfers.Arrive();
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
        _inDevice = true;
        var result = _device.End();
        _inDevice = false;
        _free.Push(_steps.Dequeue());
        var ended = _time.GetTimestamp();
        step.End();
        if (!_ahead)
        {
            AddRows(step);
        }

        TakeIn(step, result);
        _intake.Take(result, ended);
        _speculation.Take(step, result);
        if (_steps.TryPeek(out var next))
        {
            Draw(next);
        }
    }

    /// <summary>Something has thrown: forgets what is in flight, of which a device that has thrown has nothing any more.</summary>
    public void Abandon()
    {
        var thrown = _inDevice || _intake.IsDrawing;
        while (_steps.TryDequeue(out var step))
        {
            _free.Push(step);
            try
            {
                if (!thrown)
                {
                    _device.End();
                }
            }
            catch (Exception)
            {
                // All of its sequences end by what has thrown first.
                thrown = true;
            }
        }

        _inDevice = false;
        _statistics.Abandon();
        _intake.Clear();
    }

    private bool TryBegin(bool ahead)
    {
        if (!ahead)
        {
            _speculation.Propose(_scheduler);
        }

        var step = _free.Peek();
        var planned = _scheduler.Plan(step, ahead);
        _transfers.HandOver();
        if (!planned || step.Plan.Slices.Length == 0)
        {
            return false;
        }

        _statistics.Begin();
        _health.Began(step.Forecast.ExpectedSeconds);
        _free.Pop();
        _steps.Enqueue(step);
        step.Begin(_time.GetTimestamp());
        _inDevice = true;
        _device.Begin(step.Plan);
        _inDevice = false;
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
        for (var i = 0; i < step.Scheduled.Count; i++)
        {
            var scheduled = step.Scheduled[i];
            if (scheduled.LogitsRow >= 0 && scheduled.Sequence is { HasEnded: false, WaitsForMask: false })
            {
                step.Scheduled[i] = scheduled with { Draws = true };
                _intake.Add(scheduled.Sequence, scheduled.LogitsRow);
            }
        }
    }

    private void TakeIn(StepInFlight step, in StepResult result)
    {
        var energy = _statistics.Count(step.Plan, result.Duration);
        _costs?.Count(step.Plan, result.Duration);
        _speculation.Took(step.Plan, result.Duration);
        _scheduler.Took(step, result.Duration);
        for (var i = 0; i < step.Scheduled.Count; i++)
        {
            var scheduled = step.Scheduled[i];
            var sequence = scheduled.Sequence;
            if (sequence.HasEnded)
            {
                continue;
            }

            _scheduler.Advance(sequence, step.Plan.Slices[i]);
            sequence.Joules += energy.Share(step.Plan.Slices[i]);

            // Where it was not known yet what may come next, the logits are made again with the last token.
            _scheduler.Computed(sequence, scheduled.LogitsRow >= 0 && !scheduled.Draws ? scheduled.Tokens - 1 : scheduled.Tokens);
            if (sequence.Pool is { } pool && pool.Add(result, scheduled, sequence))
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
