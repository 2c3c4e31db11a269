using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace Crescent.Silo.Hosting;

/// <summary>
/// The lifetime of a silo that a supervisor started: it ends with its standard input, whose other end the supervisor holds and the
/// operating system closes when that dies in whatever way. Ctrl+C, which a terminal sends to all processes at once, is left to the
/// supervisor, which knows the order to stop in. A stop that takes too long ends the process hard.
/// </summary>
internal sealed partial class SupervisedLifetime(
    IHostApplicationLifetime application, IOptions<HostOptions> options, ILogger<SupervisedLifetime> logger) : IHostLifetime, IDisposable
{
    /// <summary>Exit code of a silo that did not stop in time.</summary>
    public const int StuckExitCode = 70;

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(3);

    private PosixSignalRegistration? _interrupt;
    private PosixSignalRegistration? _terminate;
    private Timer? _deadline;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            Stop();
        });

        // A read of a pipe blocks its thread; it must not be one of the pool's.
        new Thread(WatchInput) { Name = "supervisor watch", IsBackground = true }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _interrupt?.Dispose();
        _terminate?.Dispose();
        _deadline?.Dispose();
    }

    private void WatchInput()
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[64];
        while (input.Read(buffer) > 0)
        {
            // Nothing is said on this pipe; only its end counts.
        }

        Stop();
    }

    private void Stop()
    {
        LogStopping();
        _deadline ??= new Timer(_ => Environment.Exit(StuckExitCode), null, options.Value.ShutdownTimeout + Margin, Timeout.InfiniteTimeSpan);
        application.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Told to stop.")]
    private partial void LogStopping();
}
