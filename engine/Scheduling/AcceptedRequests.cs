namespace Crescent.Engine.Scheduling;

/// <summary>
/// Requests that an engine has taken and not ended, within its places: those of the batch and of the queue, and beside them, for requests that have begun
/// elsewhere alone, those of <see cref="EngineOptions.MaxResumed"/>. Safe for use by many threads.
/// </summary>
/// <param name="options">The places.</param>
internal sealed class AcceptedRequests(EngineOptions options)
{
    private readonly Lock _lock = new();
    private int _count;
    private int _resumed;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>A request wants a place.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryEnter(InferenceRequest request)
    {
        var resumed = request.ResumedTokens > 0 ? 1 : 0;
        lock (_lock)
        {
            // What has begun elsewhere takes no place of others as long as there are places of its own.
            var beside = Math.Min(_resumed + resumed, options.MaxResumed);
            if (_count + 1L - beside > (long)options.MaxRunning + options.MaxWaiting)
            {
                return false;
            }

            _count++;
            _resumed += resumed;
            return true;
        }
    }

    /// <summary>A request has ended: its place is free.</summary>
    public void Leave(InferenceRequest request)
    {
        lock (_lock)
        {
            _count--;
            _resumed -= request.ResumedTokens > 0 ? 1 : 0;
        }
    }
}
