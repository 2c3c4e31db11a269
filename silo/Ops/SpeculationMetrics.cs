using Crescent.Grains.Models;
using Crescent.Grains.Telemetry;

namespace Crescent.Silo.Ops;

/// <summary>What was guessed ahead, by who guessed, and what draft models take.</summary>
internal static class SpeculationMetrics
{
    // What a request gives itself is in the sum of all and in neither of these.
    private static readonly (string Drafter, Func<DeviceReport, long> Guessed, Func<DeviceReport, long> Accepted)[] Drafters =
    [
        ("ngram", static d => d.NGramGuessedTokens, static d => d.NGramAcceptedTokens),
        ("model", static d => d.DraftGuessedTokens, static d => d.DraftAcceptedTokens),
    ];

    private static readonly (string Name, string Type, string Help, Func<DeviceReport, double> Value)[] DraftMetrics =
    [
        ("crescent:draft_kv_blocks", "gauge", "KV blocks of the draft model or the model's own head, beside those of the device.", static d => d.DraftBlocks),
        ("crescent:draft_kv_bytes", "gauge", "Bytes of those blocks.", static d => (double)d.DraftBlocks * d.DraftBlockBytes),
        ("crescent:draft_kv_usage_perc", "gauge", "Share of those blocks that are held, 0 to 1.", static d => 1 - ((double)d.DraftFreeBlocks / Math.Max(1, d.DraftBlocks))),
        ("crescent:draft_seconds_total", "counter", "Time that the draft model or the model's own head has computed, between the steps.", static d => d.DraftSeconds),
    ];

    /// <summary>Writes the metrics of all <paramref name="devices"/>; those of draft models for devices that have one.</summary>
    public static void Write(IMetricSink text, IReadOnlyList<(string Silo, DeviceReport Device)> devices, ModelCatalogue models)
    {
        text.Begin("crescent:drafted_tokens_total", "counter", "Tokens guessed ahead, by who guessed: ngram for look-ups in the sequence's own text, model for a draft model or the model's own head.");
        foreach (var (drafter, guessed, _) in Drafters)
        {
            Sample(text, "crescent:drafted_tokens_total", devices, models, d => guessed(d), drafter);
        }

        text.Begin("crescent:draft_accepted_tokens_total", "counter", "Of those, tokens that came true.");
        foreach (var (drafter, _, accepted) in Drafters)
        {
            Sample(text, "crescent:draft_accepted_tokens_total", devices, models, d => accepted(d), drafter);
        }

        var drafting = devices.Where(static device => device.Device.DraftModel.Length > 0).ToList();
        foreach (var (name, type, help, value) in DraftMetrics)
        {
            text.Begin(name, type, help);
            Sample(text, name, drafting, models, value, drafter: null);
        }
    }

    private static void Sample(
        IMetricSink text, string name, IReadOnlyList<(string Silo, DeviceReport Device)> devices, ModelCatalogue models, Func<DeviceReport, double> value, string? drafter)
    {
        foreach (var (silo, device) in devices)
        {
            (string, string)[] labels =
            [
                ("model_name", models.IdOf(device.Model)),
                ("silo", silo),
                ("device", device.Device),
                drafter is null ? ("draft_model", device.DraftModel) : ("drafter", drafter),
                ("simulated", device.Simulated ? "true" : "false"),
            ];
            text.Sample(name, value(device), labels);
        }
    }
}
