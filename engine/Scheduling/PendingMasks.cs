using System.Collections.Concurrent;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Sees that the tokens that a structure allows next are known when a sequence is to get one. What a step's budget does not suffice for is
/// found on another thread, and the sequence sits out steps until then: it keeps its place and its blocks, and delays nobody. For the
/// engine's thread.
/// </summary>
/// <param name="masks">The other thread's queue.</param>
/// <param name="found">Told, on the other thread, that there is something to take.</param>
internal sealed class PendingMasks(MaskQueue masks, Action found)
{
    /// <summary>Work that all sequences of a step together may cost the engine's thread, about 25 ns a piece.</summary>
    public const long WorkPerStep = 50_000;

    private readonly ConcurrentQueue<(Sequence Sequence, Exception? Fault)> _found = new();
    private long _budget = WorkPerStep;

    /// <summary>The most work that a step did on the engine's thread.</summary>
    public long MostWork { get; private set; }

    /// <summary>Sequences whose tokens have been found on the other thread and not been taken.</summary>
    public int Count => _found.Count;

    /// <summary>A step begins: the next sequence that goes on with it because its tokens have been found, or looking for them threw.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTake(out Sequence sequence, out Exception? fault)
    {
        _budget = WorkPerStep;
        while (_found.TryDequeue(out var found))
        {
            (sequence, fault) = found;
            sequence.WaitsForMask = false;
            if (!sequence.HasEnded)
            {
                return true;
            }
        }

        (sequence, fault) = (null!, null);
        return false;
    }

    /// <summary>Finds what may come next, or lets the sequence wait for it; gives the reason why it cannot be found.</summary>
    public string? Find(Sequence sequence)
    {
        if (sequence.Sampling.Constraint is not { } constraint)
        {
            return null;
        }

        var isKnown = constraint.TryPrepareMask(ref _budget);
        MostWork = Math.Max(MostWork, WorkPerStep - _budget);
        if (isKnown)
        {
            return constraint.Fault;
        }

        Wait(sequence, constraint);
        return null;
    }

    // Apart, so that only who waits pays for what the other thread is told.
    private void Wait(Sequence sequence, IMaskSearch constraint)
    {
        sequence.WaitsForMask = true;
        masks.Add(constraint, fault =>
        {
            _found.Enqueue((sequence, fault));
            found();
        });
    }
}
