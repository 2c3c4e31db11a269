using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Which full blocks running sequences are about to compute, and who waits for them: of many sequences with the same new prefix
/// only the first computes it.
/// </summary>
internal sealed class PendingPrefixes
{
    private readonly Dictionary<BlockHash, Sequence> _computing = [];
    private readonly List<(Sequence Sequence, Sequence Leader)> _parked = [];

    /// <summary>Sequences that wait for another.</summary>
    public int ParkedCount => _parked.Count;

    /// <summary>Tokens of theirs.</summary>
    public long ParkedTokens { get; private set; }

    /// <summary>Who is computing the block that <paramref name="sequence"/> needs first, after <paramref name="matched"/> cached ones; or null.</summary>
    public Sequence? ComputingNext(Sequence sequence, int matched)
    {
        var hashes = sequence.Table.Hashes;
        return matched < Math.Min(hashes.Count, (sequence.TokenCount - 1) / StepPlan.BlockSize) && _computing.TryGetValue(hashes[matched], out var leader)
            ? leader
            : null;
    }

    /// <summary>Says that <paramref name="sequence"/> is going to compute all of its full blocks that are not computed yet.</summary>
    public void Announce(Sequence sequence)
    {
        var hashes = sequence.Table.Hashes;
        sequence.SettledBlocks = sequence.Computed / StepPlan.BlockSize;
        for (var i = sequence.Computed / StepPlan.BlockSize; i < hashes.Count; i++)
        {
            if (_computing.TryAdd(hashes[i], sequence))
            {
                sequence.AnnouncedBlocks = i + 1;
            }
        }
    }

    /// <summary>Forgets the announced blocks that <paramref name="sequence"/> has computed.</summary>
    public void Settle(Sequence sequence)
    {
        for (; sequence.SettledBlocks < Math.Min(sequence.AnnouncedBlocks, sequence.Computed / StepPlan.BlockSize); sequence.SettledBlocks++)
        {
            Forget(sequence, sequence.SettledBlocks);
        }
    }

    /// <summary>Forgets all that <paramref name="sequence"/> announced: it will not compute it now.</summary>
    public void Withdraw(Sequence sequence)
    {
        for (var i = sequence.SettledBlocks; i < sequence.AnnouncedBlocks; i++)
        {
            Forget(sequence, i);
        }

        sequence.AnnouncedBlocks = 0;
        sequence.SettledBlocks = 0;
    }

    /// <summary>Sets a sequence aside until <paramref name="leader"/> has got further.</summary>
    public void Park(Sequence sequence, Sequence? leader)
    {
        sequence.ParkedAt = leader!.Computed;
        _parked.Add((sequence, leader));
        ParkedTokens += sequence.TokenCount;
    }

    /// <summary>Takes a sequence out that will not be started; false when it is not parked.</summary>
    public bool RemoveParked(Sequence sequence)
    {
        var at = _parked.FindIndex(parked => ReferenceEquals(parked.Sequence, sequence));
        if (at < 0)
        {
            return false;
        }

        ParkedTokens -= sequence.TokenCount;
        _parked.RemoveAt(at);
        return true;
    }

    /// <summary>Puts those back in the queue whose leader has got further, lost its blocks or ended.</summary>
    public void Unpark(WaitingQueue waiting)
    {
        // Backwards, so that putting each one first in its queue keeps their order.
        for (var i = _parked.Count - 1; i >= 0; i--)
        {
            var (sequence, leader) = _parked[i];
            var forks = sequence.Request.ForkOf is not null;
            if (leader.Computed != sequence.ParkedAt || leader.HasEnded || (leader.IsWaiting && !forks))
            {
                _parked.RemoveAt(i);
                ParkedTokens -= sequence.TokenCount;
                waiting.AddPreempted(sequence);
            }
        }
    }

    private void Forget(Sequence sequence, int block)
    {
        var hash = sequence.Table.Hashes[block];
        if (_computing.TryGetValue(hash, out var owner) && ReferenceEquals(owner, sequence))
        {
            _computing.Remove(hash);
        }
    }
}
