using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Power;

/// <summary>Power budgets; configuration section <see cref="Section"/>, the same in every silo. Each is a <see cref="PowerQuantity"/>.</summary>
public sealed class PowerOptions
{
    public const string Section = "Crescent:Power";

    /// <summary>The whole cluster: watts, or a share of the nameplate; null for no bound.</summary>
    public string? Budget { get; set; }

    /// <summary>By name of the rack, watts.</summary>
    public Dictionary<string, string> Racks { get; set; } = [];

    /// <summary>By name of the node, watts.</summary>
    public Dictionary<string, string> Nodes { get; set; } = [];

    /// <summary>By device (<c>silo/device</c>), watts.</summary>
    public Dictionary<string, string> Devices { get; set; } = [];

    /// <summary>One sentence for each budget that is none.</summary>
    public IEnumerable<string> Problems()
    {
        if (Budget is not null && !PowerQuantity.TryParse(Budget, out _))
        {
            yield return $"{Section}:Budget is '{Budget}'; it takes {PowerQuantity.Takes}.";
        }

        foreach (var (kind, budgets) in new[] { (nameof(Racks), Racks), (nameof(Nodes), Nodes), (nameof(Devices), Devices) })
        {
            foreach (var (name, text) in budgets)
            {
                if (!PowerQuantity.TryParse(text, out var quantity) || quantity.Watts is null)
                {
                    yield return $"{Section}:{kind}:{name} is '{text}'; it takes watts above 1, such as 700, 42.5kW or 1.2MW.";
                }
            }
        }
    }

    /// <summary>The budgets, checked before.</summary>
    internal BudgetBook Book()
    {
        var cluster = PowerQuantity.TryParse(Budget, out var quantity) ? quantity : default;
        var any = Budget is not null || Racks.Count + Nodes.Count + Devices.Count > 0;
        return new BudgetBook
        {
            SetAt = any ? 1 : 0,
            Budgets = new PowerBudgetSettings
            {
                ClusterWatts = cluster.Watts,
                ClusterShare = cluster.Share,
                Racks = Watts(Racks),
                Nodes = Watts(Nodes),
                Devices = Watts(Devices),
            },
        };
    }

    private static Dictionary<string, double> Watts(Dictionary<string, string> budgets) => budgets.ToDictionary(
        static b => b.Key, static b => PowerQuantity.TryParse(b.Value, out var quantity) ? quantity.Watts ?? 0 : 0, StringComparer.Ordinal);
}
