using Crescent.Control.Placement;
using Crescent.Control.Power;

namespace Crescent.Lab.Fleet;

/// <summary>The budgets of a fleet and of its racks: what the governor keeps, what placement knows of them, and how long they were not kept.</summary>
/// <param name="options">The fleet.</param>
/// <param name="from">When requests may arrive, s.</param>
internal sealed class FleetLevels(FleetOptions options, double from)
{
    // By front end: each counts what it has placed itself.
    private readonly (PowerLevel Cluster, PowerLevel[] Racks)[] _fronts = [.. Enumerable.Range(0, options.Fronts.Count)
        .Select(_ => (new PowerLevel(), options.RackBudgets.Select(static _ => new PowerLevel()).ToArray()))];
    private readonly Dictionary<string, double> _rackWatts = options.RackBudgets
        .Select((share, rack) => (Name: FleetSpec.RackName(rack), Watts: share * FleetSpec.NameplateOf(options.Spec.Racks[rack])))
        .ToDictionary(static rack => rack.Name, static rack => rack.Watts, StringComparer.Ordinal);

    /// <summary>The governor's price of the fleet's watts, in points.</summary>
    public double Price => _fronts[0].Cluster.Price;

    /// <summary>What the fleet may draw <paramref name="seconds"/> after requests may arrive, W.</summary>
    public double WattsAt(double seconds) => options.Schedule.At(Math.Max(0, seconds), options.Budget * options.Spec.NameplateWatts);

    /// <summary>All budgets at a moment of the clock.</summary>
    public PowerBudgets BudgetsAt(double now)
    {
        var watts = WattsAt(now - from);
        foreach (var (cluster, _) in _fronts)
        {
            cluster.BudgetWatts = watts;
        }

        return new PowerBudgets { ClusterWatts = watts, RackWatts = _rackWatts };
    }

    /// <summary>Tells the placement of a front end what a device hangs on.</summary>
    public void Join(int front, PlacementBook book, int device, int rack)
    {
        var (cluster, racks) = _fronts[front];
        book.Assign(device, null, null, rack < racks.Length ? racks[rack] : null, cluster);
    }

    /// <summary>Takes over the governor's prices.</summary>
    public void Heed(IReadOnlyList<LevelPower> levels)
    {
        foreach (var (cluster, racks) in _fronts)
        {
            foreach (var level in levels)
            {
                if (level.Kind == PowerLevelKind.Cluster)
                {
                    cluster.Price = level.Price;
                }

                for (var rack = 0; rack < racks.Length && level.Kind == PowerLevelKind.Rack; rack++)
                {
                    if (level.Name == FleetSpec.RackName(rack))
                    {
                        (racks[rack].Price, racks[rack].BudgetWatts) = (level.Price, level.BudgetWatts);
                    }
                }
            }
        }
    }

    /// <summary>Time in which a budget was not kept, s, and the most over one as a share of it.</summary>
    public (double Seconds, double Worst) Excess(double[] watts, PowerMeter meter)
    {
        var (bins, worst) = FleetResults.Excess(watts, WattsAt, options.Schedule.Jumps);
        var over = bins.ToHashSet();
        for (var rack = 0; rack < options.RackBudgets.Count; rack++)
        {
            var budget = _rackWatts[FleetSpec.RackName(rack)];
            var (rackBins, rackWorst) = FleetResults.Excess([.. meter.RackBins(rack).Select(static joules => joules / PowerMeter.BinSeconds)], _ => budget, []);
            over.UnionWith(rackBins);
            worst = Math.Max(worst, rackWorst);
        }

        return (over.Count * PowerMeter.BinSeconds, worst);
    }
}
