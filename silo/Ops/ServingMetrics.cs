using System.Diagnostics.Metrics;
using Crescent.Grains.Agents;
using Crescent.Grains.Metrics;
using Crescent.Grains.Models;
using Crescent.Grains.Planning;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Crescent.Silo.Stores;

namespace Crescent.Silo.Ops;

/// <summary>
/// What requests took, as this front end saw it, and the state of every device, as its silo last told. Names are vLLM's where it has
/// one, so that its dashboards work; <c>crescent:</c> is before the others.
/// </summary>
internal sealed class ServingMetrics(
    IDeviceReports reports,
    IKvIndexState caches,
    IStreamCounts streams,
    IPowerStand power,
    PlannerDesk planner,
    EnergyAccounts accounts,
    AgentMetrics agents,
    ModelCatalogue models,
    StoreState store,
    IMeterFactory meters,
    TimeProvider time)
{
    private static readonly (string Name, string Type, string Help, Func<DeviceReport, double> Value)[] DeviceMetrics =
    [
        ("vllm:num_requests_running", "gauge", "Sequences in the batch.", static d => d.Running),
        ("vllm:num_requests_waiting", "gauge", "Sequences that wait.", static d => d.Waiting),
        ("vllm:kv_cache_usage_perc", "gauge", "Share of the KV blocks that are held, 0 to 1.", static d => 1 - ((double)d.FreeBlocks / Math.Max(1, d.TotalBlocks))),
        ("vllm:prompt_tokens_total", "counter", "Prompt tokens of started sequences.", static d => d.PromptTokens),
        ("vllm:generation_tokens_total", "counter", "Tokens generated.", static d => d.OutputTokens),
        ("vllm:prefix_cache_queries_total", "counter", "Tokens looked up in the prefix cache.", static d => d.PrefixQueryTokens),
        ("vllm:prefix_cache_hits_total", "counter", "Of those, tokens found on the device.", static d => d.PrefixHitTokens),
        ("crescent:prefix_cache_host_hits_total", "counter", "Of those, tokens copied from the host tier.", static d => d.HostHitTokens),
        ("crescent:forked_tokens_total", "counter", "Tokens that forks took over.", static d => d.ForkedTokens),
        ("vllm:num_preemptions_total", "counter", "Times a sequence lost its blocks.", static d => d.Preemptions),
        ("vllm:spec_decode_num_draft_tokens_total", "counter", "Tokens guessed ahead.", static d => d.GuessedTokens),
        ("vllm:spec_decode_num_accepted_tokens_total", "counter", "Of those, tokens that came true.", static d => d.AcceptedTokens),
        ("crescent:tenant_fairness", "gauge", "Jain's index of what tenants that waited got over half a minute, by their weights: 1 when all got the same.", static d => d.Fairness),
        ("crescent:program_fairness", "gauge", "Jain's index of what programs that waited got over half a minute: 1 when all got the same.", static d => d.ProgramFairness),
        ("crescent:held_calls", "gauge", "Batch calls that wait between two steps of their program because memory or watts are short.", static d => d.HeldCalls),
        ("crescent:holds_total", "counter", "Calls that were held so, each once.", static d => d.Holds),
        ("crescent:holds_for_watts_total", "counter", "Of those, calls held for want of watts alone.", static d => d.HoldsForWatts),
        ("crescent:quarantined", "gauge", "1 while the device is sick: it takes no calls and is tried again after a pause.", static d => d.IsQuarantined ? 1 : 0),
        ("crescent:failed_steps", "gauge", "Steps that failed since the last one that finished.", static d => d.FailedSteps),
        ("crescent:stalled_seconds", "gauge", "For how long there was work and no step finished, when the device last told.", static d => d.StalledSeconds),
        ("crescent:request_faults_total", "counter", "Requests that an exception of their own ended.", static d => d.RequestFaults),
        ("crescent:step_seconds", "gauge", "Smoothed duration of a step.", static d => d.StepSeconds),
        ("crescent:device_out_of_service", "gauge", "1 where an operator has drained it, else 0.", static d => d.OutOfService ? 1 : 0),
        ("crescent:device_cap_watts", "gauge", "Power cap in force.", static d => d.CapWatts),
        ("crescent:device_joules_total", "counter", "Energy since start, idle time included.", static d => d.Joules),
        ("crescent:device_idle_joules_total", "counter", "Of those, energy while no step ran, charged to nobody.", static d => d.IdleJoules),
    ];

    // What depends on the meter says which.
    private static readonly (string Name, string Type, string Help, Func<DeviceReport, double> Value)[] PowerMetrics =
    [
        ("crescent:device_watts", "gauge", "Power now.", static d => d.Watts),
        ("crescent:device_watts_age_seconds", "gauge", "Age of the watts when the device last told.", static d => d.WattsAgeSeconds),
        ("crescent:tokens_per_joule", "gauge", "Output tokens a joule over about the last second, idle energy included.", static d => d.Watts > 0 ? d.TokensPerSecond / d.Watts : 0),
    ];

    private static readonly (string Name, string Type, string Help, Func<KvIndexState, double> Value)[] IndexMetrics =
    [
        ("crescent:kv_index_devices", "gauge", "Devices whose cached blocks this silo follows.", static s => s.Devices),
        ("crescent:kv_index_stale", "gauge", "Of those, devices whose cache events are missing or have not come for too long.", static s => s.Stale),
        ("crescent:kv_index_blocks", "gauge", "Different cached blocks known.", static s => s.Blocks),
        ("crescent:kv_index_predictions", "gauge", "Prompts whose blocks are expected in a moment.", static s => s.Predictions),
        ("crescent:kv_index_events_total", "counter", "Cache events applied.", static s => s.Events),
        ("crescent:kv_index_gaps_total", "counter", "Times cache events were missing.", static s => s.Gaps),
        ("crescent:kv_index_repairs_total", "counter", "Dumps of a device's cache applied.", static s => s.Repairs),
    ];

    private readonly Dictionary<string, ModelMetrics> _models = models.All.ToDictionary(
        static model => model.Id, model => new ModelMetrics(model.Id, meters.Create(InstrumentNames.Meter), time), StringComparer.Ordinal);

    /// <summary>Follows one generation of <paramref name="model"/>, by its name in answers.</summary>
    public ModelMetrics.Watch Begin(string model) => _models[model].Begin();

    /// <summary>All metrics as Prometheus reads them.</summary>
    public string Write()
    {
        var text = new MetricsText();
        Tell(text);
        return text.ToString();
    }

    /// <summary>All metrics: each is begun, whether there are samples of it or not.</summary>
    public void Tell(IMetricSink text)
    {
        var devices = reports.Newest();
        Write(text, DeviceMetrics, devices, tellsSource: false);
        SpeculationMetrics.Write(text, devices, models);
        var state = caches.State();
        foreach (var (name, type, help, value) in IndexMetrics)
        {
            text.Begin(name, type, help);
            text.Sample(name, value(state));
        }

        text.Begin("crescent:streams_moved_total", "counter", "Streams that left a drained device, or one that they waited at, for another.");
        text.Sample("crescent:streams_moved_total", streams.Moved);
        text.Begin("crescent:streams_resumed_total", "counter", "Attempts that were lost and repeated on another device.");
        text.Sample("crescent:streams_resumed_total", streams.Resumed);
        text.Begin("crescent:store_up", "gauge", "1 while what keeps membership and state gives signs of life, else 0.");
        text.Sample("crescent:store_up", store.Fault is null ? 1 : 0);
        text.Begin("crescent:store_faults_total", "counter", "Signs of life that it did not give.");
        text.Sample("crescent:store_faults_total", store.Faults);
        Write(text, PowerMetrics, devices, tellsSource: true);
        PowerLevelMetrics.Write(text, power.Levels, devices.Any(static d => d.Report.Simulated));
        PlannerMetrics.Write(text, planner.Said);
        ModelMetrics.Write(text, _models.Values);
        Write(text, "tenant", accounts.Tenants);
        Write(text, "task", accounts.Tasks);
        AgentMetricsText.Write(text, agents);
    }

    private void Write(
        IMetricSink text, (string Name, string Type, string Help, Func<DeviceReport, double> Value)[] metrics, IReadOnlyList<(string Silo, DeviceReport Device)> devices, bool tellsSource)
    {
        foreach (var (name, type, help, value) in metrics)
        {
            text.Begin(name, type, help);
            foreach (var (silo, device) in devices)
            {
                (string, string)[] labels =
                [
                    ("model_name", models.IdOf(device.Model)),
                    ("silo", silo),
                    ("device", device.Device),
                    .. tellsSource ? [("source", device.WattsSource)] : Array.Empty<(string, string)>(),
                    ("simulated", device.Simulated ? "true" : "false"),
                ];
                text.Sample(name, value(device), labels);
            }
        }
    }

    private static void Write(IMetricSink text, string kind, IReadOnlyList<EnergyAccount> of)
    {
        foreach (var (what, help, value) in new (string, string, Func<EnergyAccount, double>)[]
        {
            ("joules", "Energy attributed to its requests.", static a => a.Joules),
            ("output_tokens", "Tokens that its requests got.", static a => a.OutputTokens),
            ("requests", "Requests that have ended or were left by their reader.", static a => a.Requests),
        })
        {
            var name = $"crescent:{kind}_{what}_total";
            text.Begin(name, "counter", help);
            foreach (var account in of)
            {
                text.Sample(name, value(account), (kind, account.Name), ("simulated", account.Simulated ? "true" : "false"));
            }
        }
    }
}
