namespace Crescent.Silo.Stores;

/// <summary>Asks the store for signs of life, so that people know of its absence before somebody needs it.</summary>
internal sealed partial class StoreWatch(IClusterStore store, StoreState state, TimeProvider time, ILogger<StoreWatch> logger) : BackgroundService
{
    /// <summary>Time between two questions.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Waits until the store is there, and tells every few seconds of what it waits for.</summary>
    /// <param name="store">The store.</param>
    /// <param name="state">Told, for whoever asks how the silo is.</param>
    /// <param name="logger">Told.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task UntilThere(IClusterStore store, StoreState state, ILogger logger, CancellationToken cancellationToken)
    {
        for (var tries = 0; await Ask(store, cancellationToken) is { } fault; tries++)
        {
            state.Heard(fault);
            if (tries % 5 == 0)
            {
                Waits(logger, store.Where, fault);
            }

            await Task.Delay(Interval, cancellationToken);
        }

        state.Heard(null);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Tell(await Ask(store, stoppingToken));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private void Tell(string? fault)
    {
        var isNews = state.Heard(fault);
        if (isNews && fault is null)
        {
            Back(logger, store.Where);
        }
        else if (isNews)
        {
            Gone(logger, store.Where, fault!);
        }
    }

    private static async Task<string?> Ask(IClusterStore store, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await store.Ask(patience.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds:0} s";
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return StoreException.Brief(e);
        }
    }

    [LoggerMessage(3, LogLevel.Warning, "Waiting for {Store} before this silo joins: {Fault}")]
    private static partial void Waits(ILogger logger, string store, string fault);

    [LoggerMessage(1, LogLevel.Warning, "{Store} cannot be reached ({Fault}); calls go on, agents' tasks wait before their next step, and no silo can join")]
    private static partial void Gone(ILogger logger, string store, string fault);

    [LoggerMessage(2, LogLevel.Warning, "{Store} is back")]
    private static partial void Back(ILogger logger, string store);
}
