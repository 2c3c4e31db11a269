namespace Crescent.Silo.Stores;

/// <summary>Whether the store gives signs of life. Safe for use by many threads.</summary>
internal sealed class StoreState(string where)
{
    private volatile string? _fault;
    private long _faults;

    /// <summary>What and where it is.</summary>
    public string Where => where;

    /// <summary>Why it gives none; null while it does.</summary>
    public string? Fault => _fault;

    /// <summary>Signs of life that it did not give.</summary>
    public long Faults => Interlocked.Read(ref _faults);

    /// <summary>It has been asked.</summary>
    /// <returns>Whether it has gone or come back with that.</returns>
    public bool Heard(string? fault)
    {
        if (fault is not null)
        {
            Interlocked.Increment(ref _faults);
        }

        return (Interlocked.Exchange(ref _fault, fault) is null) != (fault is null);
    }
}
