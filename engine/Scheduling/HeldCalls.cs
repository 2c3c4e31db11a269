namespace Crescent.Engine.Scheduling;

/// <summary>
/// Calls that have to wait between two steps of their program, never within an answer, while memory or watts are short: those of <see cref="EngineOptions.HeldFrom"/>
/// and below whose context is not in memory. What is there already, and expected back, is worth more than what would push it out. They go on when the pressure has
/// fallen below the low mark, the smallest first; after <see cref="EngineOptions.LongestHold"/>; and when the device has nothing else to do.
/// </summary>
/// <param name="options">Marks and bounds.</param>
/// <param name="time">The engine's clock.</param>
internal sealed class HeldCalls(EngineOptions options, TimeProvider time)
{
    /// <summary>One whose prompt is in memory to this share is not held: it needs little room, and its program is under way.</summary>
    private const double InMemory = 0.5;

    private readonly SortedSet<Sequence> _bySize = new(new Smaller());
    private readonly Queue<Sequence> _byTime = new();
    private Sequence? _released;

    /// <summary>Calls that are held now.</summary>
    public int Count => _bySize.Count;

    /// <summary>Tokens that they have to compute before their next output.</summary>
    public long Tokens { get; private set; }

    /// <summary>Calls that were held, each once.</summary>
    public long Held { get; private set; }

    /// <summary>Of those, calls that were held for want of watts rather than memory.</summary>
    public long HeldForWatts { get; private set; }

    /// <summary>Whether memory is short.</summary>
    public bool IsMemoryShort { get; private set; }

    /// <summary>Whether watts are short.</summary>
    public bool AreWattsShort { get; private set; }

    /// <summary>A new step begins.</summary>
    /// <param name="memory">Share of the blocks that are held or expected to be used again, 0 to 1.</param>
    /// <param name="price">The governor's price of power, in points; 0 where there is enough.</param>
    public void Observe(double memory, double price)
    {
        IsMemoryShort = IsShort(IsMemoryShort, memory, options.HoldMemoryAbove, options.HoldMemoryUntil);
        AreWattsShort = IsShort(AreWattsShort, price, options.HoldPriceAbove, options.HoldPriceUntil);
    }

    /// <summary>Whether a call whose turn it is has to wait.</summary>
    /// <param name="sequence">The call.</param>
    /// <param name="cached">Positions of it that are in memory.</param>
    public bool Holds(Sequence sequence, int cached)
    {
        if (!(IsMemoryShort || AreWattsShort) || sequence.WasHeld || sequence.Starts > 0 || sequence.Request.Priority < options.HeldFrom || sequence.Request.Program is null
            || sequence.Request.ResumedTokens > 0 || cached >= InMemory * sequence.TokenCount)
        {
            return false;
        }

        sequence.WasHeld = true;
        sequence.HeldSize = sequence.TokenCount - cached;
        sequence.HeldAt = time.GetTimestamp();
        _bySize.Add(sequence);
        _byTime.Enqueue(sequence);
        Tokens += sequence.TokenCount;
        Held++;
        HeldForWatts += IsMemoryShort ? 0 : 1;
        return true;
    }

    /// <summary>The call that may go on now; null for none. One after the other: the next when it has started or ended.</summary>
    /// <param name="isIdle">Whether nothing runs or waits.</param>
    public Sequence? Release(bool isIdle)
    {
        while (_byTime.TryPeek(out var oldest) && !_bySize.Contains(oldest))
        {
            _byTime.Dequeue();
        }

        if (Count == 0)
        {
            return null;
        }

        if (time.GetElapsedTime(_byTime.Peek().HeldAt) >= options.LongestHold)
        {
            return Take(_byTime.Peek());
        }

        if (_released is { IsWaiting: true })
        {
            return null;
        }

        return isIdle || !(IsMemoryShort || AreWattsShort) ? _released = Take(_bySize.Min!) : null;
    }

    /// <summary>A held call ends; false when it is not held.</summary>
    public bool Remove(Sequence sequence)
    {
        if (!sequence.WasHeld || !_bySize.Contains(sequence))
        {
            return false;
        }

        Take(sequence);
        return true;
    }

    private Sequence Take(Sequence sequence)
    {
        _bySize.Remove(sequence);
        Tokens -= sequence.TokenCount;
        return sequence;
    }

    private static bool IsShort(bool was, double value, double high, double low) => was ? value > low : value >= high;

    private sealed class Smaller : IComparer<Sequence>
    {
        public int Compare(Sequence? a, Sequence? b)
        {
            var bySize = a!.HeldSize.CompareTo(b!.HeldSize);
            return bySize != 0 ? bySize : a.Order.CompareTo(b.Order);
        }
    }
}
