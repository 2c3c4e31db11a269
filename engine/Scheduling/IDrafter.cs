using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Guesses tokens that sequences may go on with. What it guesses decides how fast they come and never which: each guess is held against the very draw that would be
/// made without it. For the engine's thread, between two steps.
/// </summary>
internal interface IDrafter
{
    /// <summary>What it is counted as.</summary>
    DrafterKind Kind { get; }

    /// <summary>Most tokens that it would guess of <paramref name="sequence"/> now; 0 where it is not asked for or its guesses have not come true lately.</summary>
    int LimitOf(Sequence sequence);

    /// <summary>Guesses for all of <paramref name="asks"/> together, by <see cref="Sequence.Propose"/>; for some of them nothing.</summary>
    /// <param name="asks">Each sequence once.</param>
    /// <param name="room">Guesses that the next step takes in all, at least 1; more are cut off.</param>
    void Propose(List<DraftAsk> asks, int room);

    /// <summary>What it takes, where it is more than the engine's thread.</summary>
    DraftUse? Use => null;

    /// <summary>A new sequence is there.</summary>
    void Join(Sequence sequence)
    {
    }

    /// <summary>A step of the engine's device has taken so long.</summary>
    void Took(StepPlan plan, TimeSpan duration)
    {
    }

    /// <summary>The tokens that a step gave are known: all positions of its sequences that count as computed, and the token behind each.</summary>
    /// <param name="step">The step.</param>
    /// <param name="result">What it gave, with hidden states of sequences that <see cref="Sequence.WantsHiddenStates"/>.</param>
    void Take(StepInFlight step, in StepResult result)
    {
    }

    /// <summary>Throws when an invariant of its blocks is broken; for tests and for idle moments.</summary>
    void CheckIntegrity(IEnumerable<Sequence> living)
    {
    }

    /// <summary>A sequence has ended or lost its blocks: what is kept for it can go.</summary>
    void Leave(Sequence sequence)
    {
    }
}
