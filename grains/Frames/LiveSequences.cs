using System.Collections.Concurrent;

namespace Crescent.Grains.Frames;

/// <summary>
/// The sequences that a device has taken and not yet ended, exact at any moment, unlike the engine's snapshot, which is as old as its
/// last step.
/// </summary>
internal sealed class LiveSequences
{
    private const double Nanoseconds = 1e9;

    private readonly ConcurrentDictionary<long, LiveSequence> _byTicket = new();
    private int _notStarted;
    private int _queuedPromptTokens;
    private int _committedBlocks;

    // In nanoseconds: they are added to by several threads.
    private long _queuedPromptTime;
    private long _computedPromptTime;

    public int Count => _byTicket.Count;

    /// <summary>Sequences without a first token.</summary>
    public int NotStarted => Volatile.Read(ref _notStarted);

    /// <summary>Prompt tokens of sequences without a first token, less what caches are taken to hold of them.</summary>
    public int QueuedPromptTokens => Volatile.Read(ref _queuedPromptTokens);

    /// <summary>What they take at full clock, s.</summary>
    public double QueuedPromptSeconds => Interlocked.Read(ref _queuedPromptTime) / Nanoseconds;

    /// <summary>The same of all sequences that have had a first token, s.</summary>
    public double ComputedPromptSeconds => Interlocked.Read(ref _computedPromptTime) / Nanoseconds;

    /// <summary>KV blocks that all of them take at their longest.</summary>
    public int CommittedBlocks => Volatile.Read(ref _committedBlocks);

    /// <summary>False when the ticket is live already.</summary>
    public bool TryAdd(LiveSequence sequence)
    {
        if (!_byTicket.TryAdd(sequence.Ticket.Value, sequence))
        {
            return false;
        }

        Interlocked.Increment(ref _notStarted);
        Interlocked.Add(ref _queuedPromptTokens, sequence.PromptTokens);
        Interlocked.Add(ref _queuedPromptTime, TimeOf(sequence));
        Interlocked.Add(ref _committedBlocks, sequence.Blocks);
        return true;
    }

    /// <summary>Its first token is out.</summary>
    public void Start(LiveSequence sequence)
    {
        if (!sequence.Started)
        {
            Leave(sequence);
            Interlocked.Add(ref _computedPromptTime, TimeOf(sequence));
        }
    }

    /// <summary>It has ended, or never began.</summary>
    public void Remove(LiveSequence sequence)
    {
        if (_byTicket.TryRemove(sequence.Ticket.Value, out _))
        {
            if (!sequence.Started)
            {
                Leave(sequence);
            }

            Interlocked.Add(ref _committedBlocks, -sequence.Blocks);
        }
    }

    public bool Contains(long ticket) => _byTicket.ContainsKey(ticket);

    /// <summary>Tickets of the sequences that send over <paramref name="link"/>.</summary>
    public IEnumerable<long> Over(FrameLink link) => _byTicket.Values.Where(s => s.Link == link).Select(static s => s.Ticket.Value);

    /// <summary>It is no longer without a first token.</summary>
    private void Leave(LiveSequence sequence)
    {
        sequence.Started = true;
        Interlocked.Decrement(ref _notStarted);
        Interlocked.Add(ref _queuedPromptTokens, -sequence.PromptTokens);
        Interlocked.Add(ref _queuedPromptTime, -TimeOf(sequence));
    }

    private static long TimeOf(LiveSequence sequence) => (long)(sequence.PromptSeconds * Nanoseconds);
}
