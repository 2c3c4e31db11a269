using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Streams;

/// <summary>
/// Where texts become tokens. A short text takes microseconds and is done where it is; a long one takes the threads that serve others for milliseconds, so all
/// long ones of a silo are done one after the other, on a thread of their own.
/// </summary>
/// <param name="maxWaiting">Long texts that may wait; one more is refused.</param>
public sealed class TextWork(int maxWaiting = TextWork.DefaultMaxWaiting) : IDisposable
{
    /// <summary>Long texts that may wait: 4 MiB each, as bodies are bounded, and some tenths of a second.</summary>
    public const int DefaultMaxWaiting = 64;

    /// <summary>Bytes from which on texts are long: about a millisecond.</summary>
    public const int LongBytes = 1 << 14;

    private readonly SemaphoreSlim _one = new(1);
    private int _inside;

    /// <summary>Does <paramref name="work"/> on texts of so many bytes together.</summary>
    /// <param name="bytes">How long they are.</param>
    /// <param name="work">The work; what it throws is thrown here.</param>
    /// <param name="cancellation">Ends the waiting for its turn.</param>
    /// <exception cref="RequestRefusedException">Too many long texts wait.</exception>
    public ValueTask<T> Do<T>(long bytes, Func<T> work, CancellationToken cancellation) =>
        bytes < LongBytes ? ValueTask.FromResult(work()) : new ValueTask<T>(DoLong(work, cancellation));

    public void Dispose() => _one.Dispose();

    private async Task<T> DoLong<T>(Func<T> work, CancellationToken cancellation)
    {
        try
        {
            if (Interlocked.Increment(ref _inside) > maxWaiting + 1)
            {
                throw new RequestRefusedException(
                    RefusalReason.Overloaded, $"{maxWaiting} long texts wait to be made tokens of, as many as may.", TimeSpan.FromSeconds(1));
            }

            await _one.WaitAsync(cancellation);
            try
            {
                return await Task.Factory.StartNew(work, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            finally
            {
                _one.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }
}
