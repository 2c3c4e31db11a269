using System.Threading.Tasks.Sources;

namespace Crescent.Grains.Streams;

/// <summary>
/// Wakes one waiter whenever there is something new, without allocating: what is told while nobody waits is kept, and told often counts once. Any thread may tell;
/// one at a time waits.
/// </summary>
internal sealed class WakeUp : IValueTaskSource, IThreadPoolWorkItem
{
    // Work that waits for each processor from which on the pool is behind.
    private static readonly int Behind = 8 * Environment.ProcessorCount;

    private const int MostPutOff = 3;

    private readonly Lock _lock = new();

    // The waiter goes on where Execute runs, which is never the thread that tells.
    private ManualResetValueTaskSourceCore<bool> _core;
    private bool _told;
    private bool _waits;
    private int _putOff;

    /// <summary>There is something new.</summary>
    public void Tell()
    {
        lock (_lock)
        {
            _told = true;
            if (!_waits)
            {
                return;
            }

            _waits = false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Where the pool is behind, the waiter goes to the end of the queue a few times: what comes meanwhile it takes in the same go.
        if (_putOff < MostPutOff && ThreadPool.PendingWorkItemCount > Behind)
        {
            _putOff++;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        _putOff = 0;
        _core.SetResult(true);
    }

    /// <summary>Waits until there is something new, and takes note of it.</summary>
    public ValueTask Wait()
    {
        lock (_lock)
        {
            if (_told)
            {
                _told = false;
                return ValueTask.CompletedTask;
            }

            _core.Reset();
            _waits = true;
            return new ValueTask(this, _core.Version);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        _core.GetResult(token);

        // What is told from here on may not be in what the waiter now reads.
        lock (_lock)
        {
            _told = false;
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
