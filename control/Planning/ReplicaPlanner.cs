using System.Globalization;

namespace Crescent.Control.Planning;

/// <summary>
/// Sizes a fleet of like replicas: at once up to what load is expected to need by the time that a new replica serves, and down one by one when a while has needed fewer.
/// Never beyond what the power budget allows at the lowest caps. A number that somebody else has set stands for <see cref="PlannerBounds.PersonSeconds"/>.
/// Not for use by several threads.
/// </summary>
/// <param name="bounds">What it keeps to.</param>
public sealed class ReplicaPlanner(PlannerBounds bounds)
{
    private readonly LoadForecast _forecast = new();

    // Of the needs of the quiet time those that no later one reaches: the first is the highest.
    private readonly LinkedList<(double At, int Need)> _needs = new();
    private double _firstAt = double.NaN;
    private double _leftAloneUntil = double.NegativeInfinity;
    private int? _set;
    private int? _others;

    /// <summary>The replicas that were planned have been asked for.</summary>
    public void Applied(int replicas) => _set = replicas;

    /// <summary>What is to be.</summary>
    public ReplicaPlan Plan(in PlannerView view)
    {
        _firstAt = double.IsNaN(_firstAt) ? view.Now : _firstAt;
        _forecast.Learn(view.Now, view.DayTime, view.Load);
        var ahead = _forecast.Ahead(view.DayTime, bounds.StartSeconds);
        if (view.Shape is not { } shape)
        {
            return new ReplicaPlan { Replicas = view.Replicas, Needed = view.Replicas, Expected = view.Replicas, Utilisation = 0, Watts = 0, Load = ahead, Why = "no device of a replica has been heard of" };
        }

        var sizing = new FleetSizing(shape, bounds.Level, view.BudgetWatts);
        var most = Math.Min(bounds.Most, sizing.MostByPower);
        var needed = sizing.Fewest(view.Load, Math.Min(bounds.Fewest, most), most, bounds.Headroom);
        var expected = sizing.Fewest(ahead, Math.Min(bounds.Fewest, most), most, bounds.Headroom);
        Note(view.Now, Math.Max(needed, expected));
        var (replicas, why) = Decide(view, Math.Max(needed, expected), most);
        return new ReplicaPlan
        {
            Replicas = replicas,
            Needed = needed,
            Expected = expected,
            Utilisation = view.Replicas > 0 ? sizing.Utilisation(ahead, view.Replicas) : double.PositiveInfinity,
            Watts = sizing.Watts(ahead, replicas),
            Load = ahead,
            Why = why,
        };
    }

    private (int Replicas, string Why) Decide(in PlannerView view, int need, int most)
    {
        var now = view.Replicas;
        if (view.IsOff)
        {
            return (now, "planning is switched off for these replicas");
        }

        // What a planner has set is in its memory or kept beside the replicas; anything else was somebody else's.
        if ((view.Planned ?? _set) is { } ours && now != ours && now != _set && now != _others)
        {
            (_others, _leftAloneUntil) = (now, view.Now + bounds.PersonSeconds);
        }

        // The budget goes before a person too.
        if (now > most)
        {
            return (now - 1, view.Replicas > bounds.Most && most == bounds.Most
                ? Text($"{most} are the most that are allowed")
                : Text($"the power budget allows {most} at their lowest caps"));
        }

        if (view.Now < _leftAloneUntil)
        {
            return (now, Text($"somebody else has set {now}, which stands for {(_leftAloneUntil - view.Now) / 60:0} min more; {need} are needed"));
        }

        if (need > now)
        {
            var next = Math.Min(need, now + bounds.MostUp);
            return (next, Text($"{need} are needed in {bounds.StartSeconds:0} s{(need == most && need < bounds.Most ? ", all that the power budget allows" : "")}"));
        }

        // All that starts counts as there, and until it is nothing goes.
        var highest = _needs.First!.Value.Need;
        if (highest >= now)
        {
            return (now, need == now ? Text($"{need} are needed") : Text($"{need} are needed, and up to {highest} were in the last {bounds.QuietSeconds / 60:0} min"));
        }

        if (view.Now - _firstAt < bounds.QuietSeconds)
        {
            return (now, Text($"{need} are needed, but what the last {bounds.QuietSeconds / 60:0} min needed is not known yet"));
        }

        return view.Ready < now
            ? (now, Text($"{need} are needed, but {now - view.Ready} of {now} do not serve yet"))
            : (now - 1, Text($"no more than {highest} were needed in the last {bounds.QuietSeconds / 60:0} min"));
    }

    private void Note(double now, int need)
    {
        while (_needs.Last is { } last && last.Value.Need <= need)
        {
            _needs.RemoveLast();
        }

        _needs.AddLast((now, need));
        while (_needs.First!.Value.At < now - bounds.QuietSeconds)
        {
            _needs.RemoveFirst();
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
