namespace Crescent.Engine.Scheduling;

/// <summary>
/// Sequences that wait for their first blocks, or, preempted, to have them back. Classes are served in order; each
/// <paramref name="aging"/> of waiting lifts a sequence by one class, so that none starves. Within a class tenants share fairly.
/// </summary>
/// <param name="aging">Waiting time that is worth one class.</param>
/// <param name="time">Clock of the sequences' timestamps.</param>
internal sealed class WaitingQueue(TimeSpan aging, TimeProvider time)
{
    private readonly TenantQueues[] _classes = [new(), new(), new()];

    /// <summary>Sequences that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens that the waiting sequences have to compute before their next output.</summary>
    public long Tokens { get; private set; }

    /// <summary>Puts a new sequence last in its class.</summary>
    public void Add(Sequence sequence) => Add(sequence, first: false);

    /// <summary>Puts a preempted sequence first among its tenant's.</summary>
    public void AddPreempted(Sequence sequence) => Add(sequence, first: true);

    /// <summary>The sequence to start next, or null.</summary>
    public Sequence? Next()
    {
        if (Count == 0)
        {
            return null;
        }

        var best = 0;
        while (_classes[best].Count == 0)
        {
            best++;
        }

        Sequence? lifted = null;
        var bestRank = Rank(best, Waited(best));
        for (var lower = best + 1; lower < _classes.Length; lower++)
        {
            var waited = Waited(lower);
            if (waited >= aging * (lower - best) && Rank(lower, waited) < bestRank)
            {
                bestRank = Rank(lower, waited);
                lifted = _classes[lower].Oldest();
            }
        }

        return lifted ?? _classes[best].Next();
    }

    /// <summary>Takes out the sequence that is started.</summary>
    public void Start(Sequence sequence)
    {
        Class(sequence).Start(sequence);
        Uncount(sequence);
    }

    /// <summary>Takes out a sequence that ends without being started; false when it does not wait.</summary>
    public bool Remove(Sequence sequence)
    {
        if (sequence.WaitingNode is null)
        {
            return false;
        }

        Class(sequence).Remove(sequence);
        Uncount(sequence);
        return true;
    }

    private double Rank(int @class, TimeSpan waited) => @class - (waited / aging);

    /// <summary>How long the oldest sequence of a class has waited; nothing when none waits.</summary>
    private TimeSpan Waited(int @class) =>
        _classes[@class].Oldest() is { } oldest ? time.GetElapsedTime(oldest.SubmittedAt) : TimeSpan.Zero;

    private TenantQueues Class(Sequence sequence) => _classes[(int)sequence.Request.Priority];

    private void Add(Sequence sequence, bool first)
    {
        Class(sequence).Add(sequence, first);
        Count++;
        Tokens += sequence.TokenCount;
    }

    private void Uncount(Sequence sequence)
    {
        Count--;
        Tokens -= sequence.TokenCount;
    }
}
