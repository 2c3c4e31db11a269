using System.Runtime.CompilerServices;

namespace Crescent.Silo.Api.Wire;

/// <summary>
/// Keeps a stream's connection open while nothing comes: after each <see cref="Period"/> without an event it sends something that tells nothing. Whoever writes the events
/// waits for more through <see cref="Wait"/>, and only then it writes.
/// </summary>
internal sealed class StreamPulse : IAsyncDisposable
{
    /// <summary>Longest time between two things that a client hears. Proxies give up after 30 to 60 s.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private readonly EventStream _events;
    private readonly Action<EventStream> _beat;
    private readonly CancellationTokenSource _stop;
    private readonly Task _beats;

    // Who has it may write.
    private readonly SemaphoreSlim _turn = new(0, 1);
    private bool _isQuiet = true;

    /// <param name="events">The stream.</param>
    /// <param name="time">The clock.</param>
    /// <param name="beat">Writes what tells nothing.</param>
    /// <param name="left">The client's leaving.</param>
    public StreamPulse(EventStream events, TimeProvider time, Action<EventStream> beat, CancellationToken left)
    {
        (_events, _beat) = (events, beat);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(left);
        _beats = Beat(new PeriodicTimer(Period, time));
    }

    /// <summary>Waits for <paramref name="next"/>.</summary>
    public ValueTask<bool> Wait(ValueTask<bool> next) => next.IsCompleted ? next : WaitLong(next);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beats;
        _stop.Dispose();
        _turn.Dispose();
    }

    // Waits for nearly every token.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitLong(ValueTask<bool> next)
    {
        _turn.Release();
        try
        {
            return await next;
        }
        finally
        {
            await _turn.WaitAsync(CancellationToken.None);
            _isQuiet = false;
        }
    }

    private async Task Beat(PeriodicTimer timer)
    {
        using var ticks = timer;
        try
        {
            while (await ticks.WaitForNextTickAsync(_stop.Token))
            {
                // Whoever writes just now keeps the connection open by it.
                if (!await _turn.WaitAsync(TimeSpan.Zero, _stop.Token))
                {
                    continue;
                }

                try
                {
                    if (_isQuiet)
                    {
                        _beat(_events);
                        await _events.Flush(_stop.Token);
                    }

                    _isQuiet = true;
                }
                finally
                {
                    _turn.Release();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The stream has ended, or its reader has left: who writes the events is told so too.
        }
    }
}
