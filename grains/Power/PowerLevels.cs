using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Power;

/// <summary>Gives the devices of a view the levels that the governor told of: what may be drawn there and what a watt costs.</summary>
internal sealed class PowerLevels
{
    private readonly Dictionary<(string Kind, string Name), PowerLevel> _levels = [];

    /// <summary>Brings the levels of all devices up to date.</summary>
    /// <param name="ledger">Whose view it is.</param>
    /// <param name="state">The governor's word; null for none.</param>
    public void Fill(PlacementLedger ledger, GovernorReport? state)
    {
        var told = (state?.Levels ?? []).ToDictionary(static l => (l.Kind, l.Name));
        if (told.Count == 0 && _levels.Count == 0)
        {
            return;
        }

        var places = ledger.Snapshot().ToDictionary(
            static d => new DeviceKey(d.SiloName, d.Report.Device).ToString(), static d => (d.Report.Node, d.Report.Rack), StringComparer.Ordinal);
        ledger.Change(book =>
        {
            Adopt(told);
            foreach (ref var device in book.View.Devices)
            {
                var (node, rack) = places.GetValueOrDefault(device.Key, ("", ""));
                device.OwnLevel = Join(PowerLevelKind.Device, device.Key, device);
                device.NodeLevel = Join(PowerLevelKind.Node, node, device);
                device.RackLevel = Join(PowerLevelKind.Rack, rack, device);
                device.ClusterLevel = Join(PowerLevelKind.Cluster, "", device);
            }
        });
    }

    private void Adopt(Dictionary<(string Kind, string Name), PowerLevelSnapshot> told)
    {
        foreach (var key in _levels.Keys)
        {
            if (!told.ContainsKey(key))
            {
                _levels.Remove(key);
            }
        }

        foreach (var (key, snapshot) in told)
        {
            if (!_levels.TryGetValue(key, out var level))
            {
                _levels.Add(key, level = new PowerLevel());
            }

            // What its devices draw, and what was placed on them since, is summed up anew.
            (level.BudgetWatts, level.Price, level.Watts, level.ReservedWatts) = (snapshot.BudgetWatts, snapshot.Price, 0, 0);
        }
    }

    private PowerLevel? Join(PowerLevelKind kind, string name, in DeviceState device)
    {
        if (!_levels.TryGetValue((GovernorReport.Word(kind), name), out var level))
        {
            return null;
        }

        level.Watts += device.Load.Watts;
        level.ReservedWatts += device.UnseenWatts;
        return level;
    }
}
