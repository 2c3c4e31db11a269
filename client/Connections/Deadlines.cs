using System.Runtime.CompilerServices;

namespace Crescent.Client.Connections;

/// <summary>
/// Deadlines that hold even where the awaited work ignores its token: a call through a gateway that died does not come back
/// before the transport's own time-out.
/// </summary>
internal static class Deadlines
{
    /// <summary>Longest wait for a stream or a connection that is given up to close.</summary>
    public static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    /// <summary>Enumerates <paramref name="source"/>, waiting at most <paramref name="idle"/> for each next item.</summary>
    /// <param name="source">Makes the stream; its token ends the stream at the source.</param>
    /// <param name="idle">Longest wait for one item.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <exception cref="TimeoutException">No item came in time.</exception>
    public static async IAsyncEnumerable<T> EachWithin<T>(
        Func<CancellationToken, IAsyncEnumerable<T>> source, TimeSpan idle, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var enumerator = source(stop.Token).GetAsyncEnumerator(stop.Token);
        Task<bool>? next = null;
        try
        {
            while (true)
            {
                next = enumerator.MoveNextAsync().AsTask();
                if (!await next.WaitAsync(idle, cancellationToken))
                {
                    yield break;
                }

                yield return enumerator.Current;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Close(enumerator, next).WaitAsync(Farewell, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Awaits <paramref name="work"/> for at most <paramref name="limit"/>.</summary>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public static async Task<T> Within<T>(Func<CancellationToken, Task<T>> work, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            return await work(stop.Token).WaitAsync(limit, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    // An enumerator may only be closed when no step of it is under way.
    private static async Task Close<T>(IAsyncEnumerator<T> enumerator, Task<bool>? next)
    {
        if (next is not null)
        {
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await enumerator.DisposeAsync();
    }
}
