using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>Gives a waiting sequence its first blocks: what the cache or a leader has of it, and room for its first chunk.</summary>
/// <param name="kv">The blocks.</param>
/// <param name="copies">Take the tails of forks.</param>
/// <param name="pending">Who computes what.</param>
/// <param name="counters">Counts what was found.</param>
/// <param name="spareBlocks">Blocks that stay free when a sequence is admitted beside others, so that those can go on.</param>
/// <param name="find">Finds a living sequence by its request's id.</param>
internal sealed class Admission(
    KvCache kv, KvCopies copies, PendingPrefixes pending, SchedulerCounters counters, int spareBlocks, Func<long, Sequence?> find)
{
    /// <summary>What there is of <paramref name="sequence"/>, or will be when another has gone on.</summary>
    public KnownPrefix Look(Sequence sequence)
    {
        var match = kv.Match(sequence.Table, sequence.TokenCount);
        var cached = kv.BlockSize.PositionsIn(match.Blocks);
        if (kv.HasStates)
        {
            return new KnownPrefix(match, null, cached, IsComing: false);
        }

        if (sequence.Request.ForkOf is { } id && find(id) is { } parent && parent.Order < sequence.Order)
        {
            var shared = SharedWith(parent, sequence);
            // What is copied into its blocks must be there before one of them can be copied again.
            var coming = parent.Computed < shared || !kv.IsThere(parent.Table);
            return coming || (shared > cached && kv.CanFork(parent.Table, shared)) ? new KnownPrefix(match, parent, shared, coming) : new KnownPrefix(match, null, cached, IsComing: false);
        }

        return pending.ComputingNext(sequence, match.Blocks) is { } leader
            ? new KnownPrefix(match, leader, pending.SharedPositions(sequence, leader, match.Blocks), IsComing: true)
            : new KnownPrefix(match, null, cached, IsComing: false);
    }

    /// <summary>Gives <paramref name="sequence"/> what is known of it and room for <paramref name="chunk"/> tokens more. A refusal changes nothing.</summary>
    /// <returns>False when there are not enough blocks.</returns>
    public bool TryTakeBlocks(Sequence sequence, in KnownPrefix prefix, int chunk, bool alone)
    {
        var spare = alone ? 0 : spareBlocks;
        if (prefix.Leader is { } leader)
        {
            return TryFork(sequence, leader, prefix.Positions, chunk, spare);
        }

        if (!kv.TryAdopt(sequence.Table, prefix.Match, prefix.Positions + chunk, spare))
        {
            return false;
        }

        // Others had the same beginning without a state or a window behind it: the next will find one.
        sequence.DepartsAt = kv.HasPlaces ? kv.BlockSize.PositionsIn(kv.LeadingBlocks(sequence.Table, sequence.TokenCount)) : 0;
        sequence.BeginAt(kv.BlockSize.PositionsIn(prefix.Match.Blocks));
        counters.CountLookUp(sequence, prefix.Match);
        return true;
    }

    /// <summary>Positions that a fork can take over: all but the last token of what the two have in common.</summary>
    private static int SharedWith(Sequence leader, Sequence sequence) =>
        Math.Min(leader.Tokens.CommonPrefixLength(sequence.Tokens), sequence.TokenCount - 1);

    private bool TryFork(Sequence sequence, Sequence leader, int shared, int chunk, int spare)
    {
        var target = shared + chunk;
        var missing = (long)kv.Groups * (kv.BlockSize.BlocksFor(target) - kv.BlockSize.FullBlocks(shared));
        if (missing + spare > kv.FreeBlocks || !kv.TryFork(leader.Table, sequence.Table, shared, copies))
        {
            return false;
        }

        sequence.BeginAt(shared);
        counters.CountFork(sequence, shared);
        return kv.TryGrow(sequence.Table, target);
    }
}
