namespace Crescent.Engine.Devices.Simulated;

/// <summary>The host link of a simulated device: copies one after the other, each of which takes its time.</summary>
/// <param name="each">Time of a copy.</param>
public sealed class CopyLine(TimeSpan each)
{
    private readonly Queue<TimeSpan> _due = new();
    private TimeSpan _last;
    private long _done;

    /// <summary>Queues copies at the moment <paramref name="now"/>; those within the device are done when those before them are.</summary>
    public void Add(ReadOnlySpan<KvCopy> copies, TimeSpan now)
    {
        _last = _last > now ? _last : now;
        foreach (var copy in copies)
        {
            _last += copy.IsWithin ? TimeSpan.Zero : each;
            _due.Enqueue(_last);
        }
    }

    /// <summary>Copies that are done at the moment <paramref name="now"/>, of all since the start.</summary>
    public long Done(TimeSpan now)
    {
        while (_due.TryPeek(out var due) && due <= now)
        {
            _due.Dequeue();
            _done++;
        }

        return _done;
    }

    /// <summary>When the next copy is done; null when none is queued.</summary>
    public TimeSpan? NextDue => _due.TryPeek(out var due) ? due : null;
}
