using Crescent.Engine.Scheduling;

namespace Crescent.Lab.Fleet;

/// <summary>How sessions begin in a run, and what of it is measured.</summary>
public sealed record SessionLoadOptions
{
    /// <summary>Sessions that begin in a second, in the mean; above 0.</summary>
    public required double Rate { get; init; }

    /// <summary>
    /// So many sessions go on at once instead, whatever the rate: the first ones begin somewhere within theirs, in the first half of the time before anything is measured, and one that
    /// has ended is followed by another. Null for sessions that come at the rate.
    /// </summary>
    public int? Agents { get; init; }

    /// <summary>Nothing is measured before, s.</summary>
    public double WarmUpSeconds { get; init; } = 600;

    /// <summary>Tasks that begin in the time after that are measured, s.</summary>
    public double WindowSeconds { get; init; } = 1200;

    /// <summary>For so long, after the window, the tasks that are measured have to be done; those that are not are counted with the time that they have had, s.</summary>
    public double PatienceSeconds { get; init; } = 3600;

    /// <summary>Class of all calls.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>For what is drawn by chance.</summary>
    public int Seed { get; init; }

    /// <summary>End of the window, s.</summary>
    public double EndSeconds => WarmUpSeconds + WindowSeconds;

    /// <summary>When the run is over at the latest, s.</summary>
    public double LastSeconds => EndSeconds + PatienceSeconds;
}
