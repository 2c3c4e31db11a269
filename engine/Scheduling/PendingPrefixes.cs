using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Which full blocks running sequences are about to compute, and who waits for them: of many sequences with the same new prefix
/// only the first computes it. The others, its followers, are set aside until it has all that they can share.
/// </summary>
/// <param name="waiting">Where followers go when there is no more to wait for.</param>
/// <param name="blockSize">Of the blocks that are computed.</param>
internal sealed class PendingPrefixes(WaitingQueue waiting, KvBlockSize blockSize)
{
    private readonly Dictionary<BlockHash, Sequence> _computing = [];

    /// <summary>Blocks that somebody is going to compute.</summary>
    public int AnnouncedCount => _computing.Count;

    /// <summary>Sequences that wait for another.</summary>
    public int ParkedCount { get; private set; }

    /// <summary>Tokens of theirs.</summary>
    public long ParkedTokens { get; private set; }

    /// <summary>Who is computing the block that <paramref name="sequence"/> needs first, after <paramref name="matched"/> cached ones; or null.</summary>
    public Sequence? ComputingNext(Sequence sequence, int matched)
    {
        var hashes = sequence.Table.Hashes;
        return matched < SharedLimit(sequence) && _computing.TryGetValue(hashes[matched], out var leader) ? leader : null;
    }

    /// <summary>Positions that <paramref name="sequence"/> can take over from <paramref name="leader"/>, with which it has block <paramref name="matched"/> in common.</summary>
    public int SharedPositions(Sequence sequence, Sequence leader, int matched)
    {
        // Equal hashes are equal histories, so that the place where the two part is found by halving.
        var (own, others) = (sequence.Table.Hashes, leader.Table.Hashes);
        var (same, other) = (matched + 1, Math.Min(SharedLimit(sequence), others.Count) + 1);
        while (other - same > 1)
        {
            var middle = (same + other) / 2;
            (same, other) = own[middle - 1] == others[middle - 1] ? (middle, other) : (same, middle);
        }

        return blockSize.PositionsIn(same);
    }

    /// <summary>Says that <paramref name="sequence"/> is going to compute all of its full blocks that are not computed yet.</summary>
    public void Announce(Sequence sequence)
    {
        var hashes = sequence.Table.Hashes;
        sequence.SettledBlocks = blockSize.FullBlocks(sequence.Computed);
        for (var i = blockSize.FullBlocks(sequence.Computed); i < hashes.Count; i++)
        {
            if (_computing.TryAdd(hashes[i], sequence))
            {
                sequence.AnnouncedBlocks = i + 1;
            }
        }
    }

    /// <summary>Forgets the announced blocks that <paramref name="sequence"/> has computed, and lets those go on that have waited for no more.</summary>
    public void Settle(Sequence sequence)
    {
        for (; sequence.SettledBlocks < Math.Min(sequence.AnnouncedBlocks, blockSize.FullBlocks(sequence.Computed)); sequence.SettledBlocks++)
        {
            Forget(sequence, sequence.SettledBlocks);
        }

        if (sequence.Followers is { Count: > 0 } followers && followers[^1].NeededOfLeader <= sequence.Computed)
        {
            var first = followers.Count - 1;
            while (first > 0 && followers[first - 1].NeededOfLeader <= sequence.Computed)
            {
                first--;
            }

            Unpark(sequence, first);
        }
    }

    /// <summary>
    /// Forgets all that <paramref name="sequence"/> announced: it will not compute it now. Who waited for it goes on, but for its forks where it has only lost
    /// its blocks and comes back.
    /// </summary>
    public void Withdraw(Sequence sequence)
    {
        for (var i = sequence.SettledBlocks; i < sequence.AnnouncedBlocks; i++)
        {
            Forget(sequence, i);
        }

        sequence.AnnouncedBlocks = 0;
        sequence.SettledBlocks = 0;
        if (sequence.Followers is not { Count: > 0 } followers)
        {
            return;
        }

        if (sequence.HasEnded)
        {
            Unpark(sequence, 0);
            return;
        }

        for (var i = 0; i < followers.Count; i++)
        {
            if (followers[i].Request.ForkOf is null)
            {
                Unpark(followers[i]);
            }
        }

        followers.RemoveAll(static follower => follower.Leader is null);
    }

    /// <summary>Sets a waiting sequence aside until <paramref name="leader"/> has computed <paramref name="positions"/>.</summary>
    public void Park(Sequence sequence, Sequence leader, int positions)
    {
        waiting.Park(sequence);
        sequence.Leader = leader;
        sequence.NeededOfLeader = positions;
        ParkedCount++;
        ParkedTokens += sequence.TokenCount;
        var followers = leader.Followers ??= [];
        var (at, end) = (0, followers.Count);
        while (at < end)
        {
            var middle = (at + end) / 2;
            (at, end) = followers[middle].NeededOfLeader > positions ? (middle + 1, end) : (at, middle);
        }

        followers.Insert(at, sequence);
    }

    /// <summary>Takes a sequence out that will not be started; false when it is not parked.</summary>
    public bool RemoveParked(Sequence sequence)
    {
        if (sequence.Leader is null)
        {
            return false;
        }

        sequence.Leader.Followers!.Remove(sequence);
        Count(sequence);
        waiting.RemoveParked(sequence);
        return true;
    }

    /// <summary>Blocks of a sequence that it may take over: the last token is always its own to compute.</summary>
    private int SharedLimit(Sequence sequence) => Math.Min(sequence.Table.Hashes.Count, blockSize.FullBlocks(sequence.TokenCount - 1));

    /// <summary>The followers from <paramref name="first"/> on go on, those that came first at the head of their queues.</summary>
    private void Unpark(Sequence leader, int first)
    {
        var followers = leader.Followers!;
        for (var i = first; i < followers.Count; i++)
        {
            Unpark(followers[i]);
        }

        followers.RemoveRange(first, followers.Count - first);
    }

    private void Unpark(Sequence sequence)
    {
        // It has waited as long as its leader has, but stays in its own class.
        sequence.Urgency = Math.Min(sequence.Urgency, waiting.UrgencyIn(sequence.Request.Priority, sequence.Leader!.SubmittedAt));
        Count(sequence);
        waiting.Unpark(sequence);
    }

    private void Count(Sequence sequence)
    {
        sequence.Leader = null;
        ParkedCount--;
        ParkedTokens -= sequence.TokenCount;
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
