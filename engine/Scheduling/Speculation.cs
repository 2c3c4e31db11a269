using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Guesses for all sequences that the next step decodes, before it is planned: what a request gives goes first, then each drafter is asked once for all sequences that
/// have no guess yet. Planning cuts off what there is no room for and computes nothing.
/// </summary>
/// <param name="device">Its limits.</param>
/// <param name="stepTokens">Most tokens of a step.</param>
/// <param name="drafters">In the order in which they are asked, those first that cost least.</param>
internal sealed class Speculation(DeviceInfo device, int stepTokens, params IDrafter[] drafters)
{
    /// <summary>Most guesses of a sequence in a step.</summary>
    public const int MaxTokens = 16;

    private readonly int _room = Math.Min(stepTokens, device.MaxLogitRows);
    private readonly List<DraftAsk> _asks = [];

    /// <summary>Guesses for those of <paramref name="scheduler"/>'s running sequences that decode next; no step may be in flight that draws a token of theirs.</summary>
    public void Propose(Scheduler scheduler)
    {
        // Each running sequence has a token and a row.
        var running = scheduler.Running;
        var room = _room - running.Count;
        for (var i = 0; i < running.Count; i++)
        {
            running[i].DropGuess();
            if (running[i].Guesses && room > 0 && scheduler.Decodes(running[i]))
            {
                room -= running[i].ProposeGiven();
            }
        }

        foreach (var drafter in drafters)
        {
            if (room > 0)
            {
                room -= Ask(drafter, scheduler, room);
            }
        }
    }

    /// <summary>What a draft model takes; null where there is none.</summary>
    public DraftUse? Use
    {
        get
        {
            foreach (var drafter in drafters)
            {
                if (drafter.Use is { } use)
                {
                    return use;
                }
            }

            return null;
        }
    }

    /// <summary>A new sequence is there, whose guesses are to be planned for from now on.</summary>
    public void Join(Sequence sequence)
    {
        foreach (var drafter in drafters)
        {
            drafter.Join(sequence);
        }
    }

    /// <summary>A step has taken so long.</summary>
    public void Took(StepPlan plan, TimeSpan duration)
    {
        foreach (var drafter in drafters)
        {
            drafter.Took(plan, duration);
        }
    }

    /// <summary>The tokens that a step gave are known.</summary>
    public void Take(StepInFlight step, in StepResult result)
    {
        foreach (var drafter in drafters)
        {
            drafter.Take(step, result);
        }
    }

    /// <summary>Throws when an invariant of drafters' blocks is broken.</summary>
    public void CheckIntegrity(IEnumerable<Sequence> living)
    {
        foreach (var drafter in drafters)
        {
            drafter.CheckIntegrity(living);
        }
    }

    /// <summary>A sequence has ended or lost its blocks.</summary>
    public void Leave(Sequence sequence)
    {
        foreach (var drafter in drafters)
        {
            drafter.Leave(sequence);
        }
    }

    private int Ask(IDrafter drafter, Scheduler scheduler, int room)
    {
        _asks.Clear();
        foreach (var sequence in scheduler.Running)
        {
            if (sequence.Guesses && sequence.GuessCount == 0 && sequence.MostGuesses is > 0 and var most && scheduler.Decodes(sequence)
                && Math.Min(drafter.LimitOf(sequence), most) is > 0 and var limit)
            {
                _asks.Add(new DraftAsk(sequence, limit));
            }
        }

        if (_asks.Count == 0)
        {
            return 0;
        }

        drafter.Propose(_asks, room);
        var guessed = 0;
        foreach (var ask in _asks)
        {
            guessed += ask.Sequence.GuessCount;
        }

        _asks.Clear();
        return guessed;
    }
}
