namespace Crescent.Silo.Identity;

/// <summary>Looks whether the key file has changed, each second: a folder that is mounted tells nobody.</summary>
internal sealed partial class KeyFileWatch(KeyBook keys, TimeProvider time, ILogger<KeyFileWatch> logger) : BackgroundService
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!keys.HasFile)
        {
            return;
        }

        using var timer = new PeriodicTimer(BetweenLooks, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    keys.Refresh();
                }
                catch (Exception e)
                {
                    LogFailed(e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The key file cannot be looked at: {Reason}")]
    private partial void LogFailed(string reason);
}
