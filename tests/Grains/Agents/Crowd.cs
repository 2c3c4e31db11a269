namespace Crescent.Tests.Grains.Agents;

/// <summary>How many are there at once.</summary>
internal sealed class Crowd
{
    private readonly Lock _lock = new();
    private int _now;

    /// <summary>As many as there were at once at the most.</summary>
    public int Most { get; private set; }

    public Leaving Enter()
    {
        lock (_lock)
        {
            Most = Math.Max(Most, ++_now);
        }

        return new Leaving(this);
    }

    internal readonly struct Leaving(Crowd crowd) : IDisposable
    {
        public void Dispose()
        {
            lock (crowd._lock)
            {
                crowd._now--;
            }
        }
    }
}
