namespace Crescent.Control.Power;

/// <summary>
/// A budget over time: by rule, and less while events last, of which the deepest counts. With a ramp limit it goes from one to the other at no more than so many watts a second,
/// as grids ask of loads that are large to them; a fall then begins with its event, and ends later.
/// </summary>
public sealed class BudgetSchedule
{
    /// <summary>The same budget for ever.</summary>
    public static BudgetSchedule Constant { get; } = new([]);

    private readonly double[] _changes;

    /// <summary>A budget with events.</summary>
    /// <param name="events">In any order.</param>
    /// <param name="rampWatts">Most watts by which it moves in a second; infinite for no limit.</param>
    public BudgetSchedule(IReadOnlyList<BudgetEvent> events, double rampWatts = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rampWatts);
        foreach (var happening in events)
        {
            if (!(happening is { At: >= 0, Factor: > 0 and <= 1, Seconds: > 0 }))
            {
                throw new ArgumentOutOfRangeException(nameof(events), happening, "An event begins at 0 or later, lasts for longer than 0 s and has a factor above 0 and at most 1.");
            }
        }

        (Events, RampWatts) = ([.. events], rampWatts);
        _changes = [.. events.SelectMany(static e => new[] { e.At, e.End }).Where(double.IsFinite).Distinct().Order()];
    }

    /// <summary>From a moment on another budget.</summary>
    public static BudgetSchedule Step(double at, double factor) => double.IsFinite(at) ? new([new BudgetEvent(at, factor, double.PositiveInfinity)]) : Constant;

    /// <summary>What happens.</summary>
    public IReadOnlyList<BudgetEvent> Events { get; }

    /// <summary>Most watts by which the budget moves in a second.</summary>
    public double RampWatts { get; }

    /// <summary>Moments at which the budget jumps, s, in their order; none where its ramp is limited.</summary>
    public IReadOnlyList<double> Jumps => double.IsPositiveInfinity(RampWatts) ? _changes : [];

    /// <summary>The budget at a moment, W, where it is <paramref name="watts"/> by rule.</summary>
    public double At(double seconds, double watts)
    {
        if (double.IsPositiveInfinity(RampWatts))
        {
            return watts * Factor(seconds);
        }

        // From one change to the next it moves towards what is wanted from then on, as far as the ramp lets it.
        var (at, now) = (0.0, watts * Factor(0));
        var target = now;
        foreach (var change in _changes)
        {
            if (change > seconds)
            {
                break;
            }

            now = Move(now, target, change - at);
            (at, target) = (change, watts * Factor(change));
        }

        return Move(now, target, Math.Max(0, seconds - at));
    }

    private double Move(double from, double to, double seconds) => from + Math.Clamp(to - from, -RampWatts * seconds, RampWatts * seconds);

    private double Factor(double seconds)
    {
        var least = 1.0;
        foreach (var happening in Events)
        {
            least = seconds >= happening.At && seconds < happening.End ? Math.Min(least, happening.Factor) : least;
        }

        return least;
    }
}
