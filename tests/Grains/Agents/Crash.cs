namespace Crescent.Tests.Grains.Agents;

/// <summary>At which of its writes a task's activation dies.</summary>
/// <param name="at">Number of the write, from 1; 0 for none, where writes are only counted.</param>
/// <param name="afterStored">Whether it has been stored then.</param>
internal sealed class Crash(int at, bool afterStored)
{
    private int _writes;

    public bool AfterStored => afterStored;

    /// <summary>Writes so far.</summary>
    public int Writes => Volatile.Read(ref _writes);

    public bool HasHappened => at > 0 && Writes >= at;

    /// <summary>Counts a write; whether it is the one.</summary>
    public bool Next() => Interlocked.Increment(ref _writes) == at;
}
