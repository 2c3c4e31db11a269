namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Finds the tokens that may come next for sequences whose structure needs long for it, on a thread of its own: a slice for one after the
/// other, so that none of them waits for all of another's. Safe for use by many threads.
/// </summary>
internal sealed class MaskQueue
{
    /// <summary>Work of one slice: a few milliseconds.</summary>
    private const long Slice = 200_000;

    private readonly Lock _gate = new();
    private readonly Queue<(IMaskSearch Search, Action<Exception?> Done)> _waiting = new();
    private bool _isRunning;

    /// <summary>
    /// Looks for what <paramref name="search"/> allows next, then calls <paramref name="done"/>, with the exception where one was thrown, unless it is
    /// abandoned before.
    /// </summary>
    public void Add(IMaskSearch search, Action<Exception?> done)
    {
        lock (_gate)
        {
            _waiting.Enqueue((search, done));
            if (!_isRunning)
            {
                _isRunning = true;
                new Thread(Run) { IsBackground = true, Name = "token masks" }.Start();
            }
        }
    }

    private void Run()
    {
        while (true)
        {
            (IMaskSearch Search, Action<Exception?> Done) next;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out next))
                {
                    _isRunning = false;
                    return;
                }
            }

            if (next.Search.IsAbandoned)
            {
                continue;
            }

            if (IsDone(next.Search, out var fault))
            {
                next.Done(fault);
            }
            else
            {
                lock (_gate)
                {
                    _waiting.Enqueue(next);
                }
            }
        }
    }

    private static bool IsDone(IMaskSearch search, out Exception? fault)
    {
        fault = null;
        try
        {
            var budget = Slice;
            return search.TryPrepareMask(ref budget);
        }
        catch (Exception thrown)
        {
            // On this thread nobody would catch it; its sequence ends by it.
            fault = thrown;
            return true;
        }
    }
}
