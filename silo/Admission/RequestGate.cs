using Crescent.Grains.Streams;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Microsoft.Extensions.Options;

namespace Crescent.Silo.Admission;

/// <summary>
/// Lets completions in, up to a limit, until the silo stops: then new ones are refused, those in flight get a time to end, and what is
/// left after it is cut off.
/// </summary>
public sealed partial class RequestGate(HttpOptions options, IOptions<GenerationOptions> generation, TimeProvider time, ILogger<RequestGate> logger)
    : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _inFlight;

    /// <summary>True once the silo stops.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>Completions in flight.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Cancelled when the time to drain is over.</summary>
    public CancellationToken Cut => _cut.Token;

    private TimeSpan Drain => TimeSpan.FromSeconds(generation.Value.DrainSeconds);

    /// <summary>Lets one in; its end is the disposal of what this gives.</summary>
    /// <exception cref="ApiException">Too many are in flight (429), or the silo stops (503).</exception>
    public IDisposable Enter()
    {
        lock (_lock)
        {
            if (IsDraining)
            {
                throw ApiException.Unavailable("The server is stopping.", Drain + TimeSpan.FromSeconds(1));
            }

            if (_inFlight >= options.MaxRequests)
            {
                throw ApiException.Overloaded($"{_inFlight} requests are in flight, as many as this server takes.");
            }

            _inFlight++;
        }

        return new Pass(this);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            IsDraining = true;
            if (_inFlight == 0)
            {
                return;
            }
        }

        LogDraining(InFlight, Drain.TotalSeconds);
        try
        {
            await _empty.Task.WaitAsync(Drain, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogCut(InFlight);
            await _cut.CancelAsync();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _cut.Dispose();

    private void Leave()
    {
        lock (_lock)
        {
            if (--_inFlight == 0 && IsDraining)
            {
                _empty.TrySetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping: {Count} completions in flight get {Seconds} s to end.")]
    private partial void LogDraining(int count, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cut off {Count} completions that did not end in time.")]
    private partial void LogCut(int count);

    private sealed class Pass(RequestGate gate) : IDisposable
    {
        private RequestGate? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave();
    }
}
