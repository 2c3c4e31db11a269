namespace Crescent.Silo.Supervision;

/// <summary>A process that a silo runs in, as its supervisor sees it.</summary>
internal interface ISiloProcess : IDisposable
{
    /// <summary>Number of the process.</summary>
    int Id { get; }

    /// <summary>Where its output is kept.</summary>
    string LogFile { get; }

    /// <summary>What it says when it serves, cannot start, or has ended before either.</summary>
    Task<StartReport> Ready { get; }

    /// <summary>Ends with the process and gives its exit code; 128 and the signal's number where a signal ended it.</summary>
    Task<int> Exited { get; }

    /// <summary>Asks it to stop, and ends it hard when it has not after <paramref name="patience"/> or once that is cancelled.</summary>
    /// <returns>False when it had to be ended hard.</returns>
    Task<bool> Stop(TimeSpan patience, CancellationToken hurry);

    /// <summary>Ends it hard.</summary>
    void Kill();
}
