using Crescent.Grains.Contracts.Planning;

namespace Crescent.Silo.Ops;

/// <summary>The metrics of the planner, in the front end that it is in.</summary>
internal static class PlannerMetrics
{
    private static readonly (string Name, string Type, string Help, Func<PlannerSnapshot, double> Value)[] Metrics =
    [
        ("crescent:planner_replicas", "gauge", "Device replicas that are asked for.", static s => s.Replicas),
        ("crescent:planner_replicas_ready", "gauge", "Of those, replicas that serve.", static s => s.Ready),
        ("crescent:planner_replicas_needed", "gauge", "Replicas that the load needs now.", static s => s.Needed),
        ("crescent:planner_replicas_expected", "gauge", "Replicas that it is expected to need when one that is asked for now serves.", static s => s.Expected),
        ("crescent:planner_replicas_planned", "gauge", "Replicas that the planner would ask for now.", static s => s.Planned),
        ("crescent:planner_utilisation", "gauge", "How busy the replicas would be with the load that is expected: 1 where the promise is just kept.", static s => s.Utilisation),
        ("crescent:planner_changes_total", "counter", "Times it has changed their number.", static s => s.Changes),
        ("crescent:planner_fault", "gauge", "1 where the replicas could not be read or changed at its last look, else 0.", static s => s.Fault.Length > 0 ? 1 : 0),
    ];

    /// <summary>Writes them.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="said">What the planner said; null where it is in no or another silo.</param>
    public static void Write(IMetricSink text, PlannerSnapshot? said)
    {
        foreach (var (name, type, help, value) in Metrics)
        {
            text.Begin(name, type, help);
            if (said is not null)
            {
                text.Sample(name, value(said), ("mode", said.Mode), ("simulated", said.Simulated ? "true" : "false"));
            }
        }
    }
}
