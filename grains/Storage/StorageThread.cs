using System.Collections.Concurrent;

namespace Crescent.Grains.Storage;

/// <summary>A thread that does blocking file work one piece after the other, so that none of it blocks the ThreadPool.</summary>
internal sealed class StorageThread : IDisposable
{
    /// <summary>Pieces that may wait; one more is refused.</summary>
    public const int MaxWaiting = 10_000;

    private readonly BlockingCollection<Action> _work = new(MaxWaiting);
    private readonly Thread _thread;

    public StorageThread(string name)
    {
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Does <paramref name="work"/> on the thread.</summary>
    /// <exception cref="IOException">Too much waits already.</exception>
    public Task<T> Do<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _work.TryAdd(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
            ? done.Task
            : throw new IOException($"{MaxWaiting} pieces of work wait for the disk already.");
    }

    /// <summary>Does what waits, and ends.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
