namespace Crescent.Engine.Scheduling;

/// <summary>
/// Runs an engine on a thread of its own: step after step while there is work, asleep otherwise. A step that fails ends the
/// sequences of that moment with an error and the engine goes on; too many failures in a row stop it.
/// </summary>
public sealed class EngineDriver : IDisposable
{
    private const int MaxFailuresInARow = 8;

    private readonly InferenceEngine _engine;
    private readonly Action<Exception>? _onFailure;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _thread;
    private readonly Lock _waking = new();
    private bool _disposed;
    private volatile bool _stop;

    /// <summary>Starts the thread. <paramref name="onFailure"/> is told of failed steps, on that thread.</summary>
    public EngineDriver(InferenceEngine engine, Action<Exception>? onFailure = null)
    {
        _engine = engine;
        _onFailure = onFailure;
        _engine.WorkArrived += Wake;
        _thread = new Thread(Run) { Name = $"engine {engine.Device.Name}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>False once the engine was stopped or has failed too often.</summary>
    public bool IsRunning => _thread.IsAlive && !_stop;

    /// <summary>Ends all sequences and the thread; blocks until the step in progress is done.</summary>
    public void Dispose()
    {
        if (_stop)
        {
            return;
        }

        _stop = true;
        _engine.Stop();
        _thread.Join();
        _engine.WorkArrived -= Wake;
        lock (_waking)
        {
            _disposed = true;
            _wake.Dispose();
        }
    }

    // Somebody who brings work may have been on the way here when the driver was disposed.
    private void Wake()
    {
        lock (_waking)
        {
            if (!_disposed)
            {
                _wake.Set();
            }
        }
    }

    private void Run()
    {
        var failures = 0;
        while (true)
        {
            var stopping = _stop;
            try
            {
                if (!_engine.Step() && !stopping)
                {
                    _wake.WaitOne();
                }

                failures = 0;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                _onFailure?.Invoke(exception);
                _engine.Fail($"A step on device {_engine.Device.Name} failed: {exception.Message}");
                if (++failures == MaxFailuresInARow)
                {
                    _engine.Stop();
                    stopping = true;
                }
            }

            if (stopping)
            {
                return;
            }
        }
    }
}
