using System.Runtime.InteropServices;

namespace Crescent.Silo.Supervision;

/// <summary>
/// Hears Ctrl+C, the signals that end a process and the end of what launched it: the first asks for a stop, the second for a hard end.
/// </summary>
internal sealed class StopSignal : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _hurry = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Task _launcher;

    public StopSignal()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Raise();
            }));
        }

        _launcher = FollowLauncher();
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Cancelled by the second.</summary>
    public CancellationToken Hurry => _hurry.Token;

    /// <summary>Acts as one signal.</summary>
    public void Raise()
    {
        if (_stop.IsCancellationRequested)
        {
            _hurry.Cancel();
        }
        else
        {
            _stop.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _registrations.ForEach(r => r.Dispose());
        await _ended.CancelAsync();
        await _launcher;
        _ended.Dispose();
        _stop.Dispose();
        _hurry.Dispose();
    }

    private async Task FollowLauncher()
    {
        try
        {
            await Launcher.Ended(_ended.Token);
            Raise();
        }
        catch (OperationCanceledException)
        {
            // There is nothing to stop any more.
        }
    }
}
