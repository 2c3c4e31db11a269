namespace Crescent.Client.Terminals;

/// <summary>
/// Turns Ctrl+C into cancellation of whatever is going on: the innermost open scope is cancelled, once. With no scope open, or
/// with the innermost one already cancelled and still not closed, Ctrl+C ends the process as usual.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Stack<CancellationTokenSource> _scopes = new();
    private ConsoleCancelEventHandler? _handler;

    /// <summary>Interrupts that follow the console's Ctrl+C.</summary>
    public static Interrupts FromConsole()
    {
        var interrupts = new Interrupts();
        interrupts._handler = (_, e) => e.Cancel = interrupts.Raise();
        Console.CancelKeyPress += interrupts._handler;
        return interrupts;
    }

    /// <summary>Whether work goes on that is cancelled by Ctrl+C, or has been.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _scopes.Count > 0;
            }
        }
    }

    /// <summary>Begins a scope that the next Ctrl+C cancels.</summary>
    public Scope Begin()
    {
        var source = new CancellationTokenSource();
        lock (_gate)
        {
            _scopes.Push(source);
        }

        return new Scope(this, source);
    }

    /// <summary>Cancels the innermost scope; false when there was none left to cancel.</summary>
    public bool Raise()
    {
        CancellationTokenSource? source;
        lock (_gate)
        {
            if (!_scopes.TryPeek(out source) || source.IsCancellationRequested)
            {
                return false;
            }
        }

        source.Cancel();
        return true;
    }

    public void Dispose()
    {
        if (_handler is not null)
        {
            Console.CancelKeyPress -= _handler;
            _handler = null;
        }
    }

    /// <summary>A stretch of work that Ctrl+C cancels; scopes close in the reverse order of their beginning.</summary>
    public sealed class Scope(Interrupts owner, CancellationTokenSource source) : IDisposable
    {
        /// <summary>Cancelled by Ctrl+C.</summary>
        public CancellationToken Token { get; } = source.Token;

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._scopes.Pop();
            }

            source.Dispose();
        }
    }
}
