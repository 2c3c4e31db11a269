namespace Crescent.Lab.Fleet;

/// <summary>What a run of sessions gave. All of it is simulated.</summary>
/// <param name="Fleet">Of the whole run, warm-up included.</param>
public sealed record SessionResult(FleetResult Fleet)
{
    /// <summary>Tasks that were measured.</summary>
    public required int Tasks { get; init; }

    /// <summary>Of those, tasks that were not done when the run was over; they count with the time that they had had.</summary>
    public required int Unfinished { get; init; }

    /// <summary>From a task's first call to its last answer, tools and pauses within it included; mean, s.</summary>
    public required double MeanTaskSeconds { get; init; }

    public required double TaskSecondsP50 { get; init; }

    public required double TaskSecondsP90 { get; init; }

    /// <summary>Of that, time in which a task waited for answers; mean, s.</summary>
    public required double MeanCallSeconds { get; init; }

    /// <summary>The same, nine tenths of the tasks wait no longer, s.</summary>
    public required double CallSecondsP90 { get; init; }

    /// <summary>Share of the calls in the window that met the promise.</summary>
    public required double SloAttainment { get; init; }

    /// <summary>Tokens a second of an answer, in its mean, that three quarters of the calls in the window had at the least; NaN where none had two tokens.</summary>
    public required double SpeedP25 { get; init; }

    /// <summary>Seconds to the first token that 95 of 100 calls in the window had at the most; infinite where more were refused.</summary>
    public required double TtftP95 { get; init; }

    /// <summary>Prompt tokens that no cache held; 95 of 100 calls in the window had no more.</summary>
    public required double NewTokensP95 { get; init; }

    /// <summary>What the GPUs drew in the window in the mean, W.</summary>
    public required double WindowWatts { get; init; }

    /// <summary>Calls that were answered in the window, a second.</summary>
    public required double CallsPerSecond { get; init; }

    /// <summary>Jain's index of what tasks got for each second in which they waited for answers: 1 when all were served alike.</summary>
    public required double Fairness { get; init; }

    /// <summary>Share of prompt tokens that were found on the device or in its host tier.</summary>
    public required double CachedShare { get; init; }
}
