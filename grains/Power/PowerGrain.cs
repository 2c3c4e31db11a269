using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Placement;
using Orleans.Concurrency;

namespace Crescent.Grains.Power;

/// <inheritdoc cref="IPowerGrain"/>
[StatelessWorker]
internal sealed class PowerGrain(PlacementLedger ledger, PowerDesk desk) : Grain, IPowerGrain
{
    public Task<PowerSnapshot> GetPower(CancellationToken cancellationToken) => Task.FromResult(desk.Snapshot(ledger.Snapshot()));

    public async Task<PowerSnapshot> SetBudgets(PowerBudgetSettings budgets, CancellationToken cancellationToken)
    {
        Check(budgets, ledger.Snapshot());

        // The governor may be in another silo: what it was told is known here at once.
        desk.Hear(await GrainFactory.GetGrain<IPowerGovernorGrain>(0).SetBudgets(budgets).WaitAsync(cancellationToken));
        return desk.Snapshot(ledger.Snapshot());
    }

    private static void Check(PowerBudgetSettings budgets, DeviceSighting[] devices)
    {
        if (budgets is { ClusterWatts: not null, ClusterShare: not null })
        {
            throw new ArgumentException("The cluster's budget is given twice, in watts and as a share; give one.");
        }

        CheckWatts("the cluster", budgets.ClusterWatts ?? 1);
        if (budgets.ClusterShare is { } share && share is not (> 0 and <= 1))
        {
            throw new ArgumentException($"The cluster's share is {share}; it must be above 0 and at most 1.");
        }

        CheckNames("rack", budgets.Racks, [.. devices.Select(static d => d.Report.Rack)]);
        CheckNames("node", budgets.Nodes, [.. devices.Select(static d => d.Report.Node)]);
        CheckNames("device", budgets.Devices, [.. devices.Select(static d => $"{d.SiloName}/{d.Report.Device}")]);
    }

    private static void CheckNames(string kind, Dictionary<string, double> budgets, SortedSet<string> known)
    {
        foreach (var (name, watts) in budgets)
        {
            if (!known.Contains(name))
            {
                throw new ArgumentException($"There is no {kind} '{name}'; there are: {string.Join(", ", known.Take(20))}{(known.Count > 20 ? ", …" : "")}.");
            }

            CheckWatts($"{kind} {name}", watts);
        }
    }

    private static void CheckWatts(string level, double watts)
    {
        if (!(watts >= 1) || !double.IsFinite(watts))
        {
            throw new ArgumentException($"The budget of {level} is {watts} W; it must be 1 W or more.");
        }
    }
}
