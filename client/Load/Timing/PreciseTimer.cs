using System.Threading.Tasks.Sources;

namespace Crescent.Client.Load.Timing;

/// <summary>Waits on a <see cref="PreciseClock"/>, once at a time; used again it allocates nothing.</summary>
internal sealed class PreciseTimer : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;

    /// <param name="inline">Whether what waits goes on in the clock's own thread: at once, but it must be short.</param>
    public PreciseTimer(bool inline) => _core.RunContinuationsAsynchronously = !inline;

    public void GetResult(short token) => _core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    internal ValueTask Begin()
    {
        _core.Reset();
        return new ValueTask(this, _core.Version);
    }

    internal void Fire() => _core.SetResult(true);
}
