namespace Crescent.Engine.Scheduling;

/// <summary>Which sequence's deadline passes next. One that ends before it leaves at once, so that only living ones are held.</summary>
internal sealed class Deadlines
{
    private readonly SortedSet<Sequence> _sequences = new(Comparer<Sequence>.Create(
        static (one, other) => (one.DeadlineAt, one.Order).CompareTo((other.DeadlineAt, other.Order))));

    /// <summary>Sequences with a deadline.</summary>
    public int Count => _sequences.Count;

    /// <summary>Takes in a sequence, if it has a deadline.</summary>
    /// <param name="sequence">It; its order is known.</param>
    /// <param name="frequency">Ticks of its timestamps in a second.</param>
    public void Add(Sequence sequence, long frequency)
    {
        if (sequence.Request.Deadline is { } deadline)
        {
            // Far deadlines are beyond the clock's last tick.
            var ticks = Math.Min(deadline.TotalSeconds * frequency, long.MaxValue / 2);
            sequence.DeadlineAt = sequence.SubmittedAt + (long)ticks;
            _sequences.Add(sequence);
        }
    }

    /// <summary>Forgets a sequence.</summary>
    public void Remove(Sequence sequence)
    {
        if (sequence.Request.Deadline is not null)
        {
            _sequences.Remove(sequence);
        }
    }

    /// <summary>A sequence whose deadline has passed at <paramref name="now"/>, or null.</summary>
    public Sequence? Passed(long now) => _sequences.Min is { } next && next.DeadlineAt <= now ? next : null;
}
