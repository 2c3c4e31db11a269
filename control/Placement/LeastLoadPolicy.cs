namespace Crescent.Control.Placement;

/// <summary>
/// The least load of SGLang's model gateway (smg, 2026): seconds that the prompt tokens which wait and those sent since the last report take at the device's rate of
/// generation, and 0.15 s times k / (1 - k) for KV memory of which the share k is in use. Caches do not count.
/// </summary>
public sealed class LeastLoadPolicy : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "least-load";

    /// <summary>Weight of KV memory in use, s.</summary>
    private const double KvSeconds = 0.15;

    /// <summary>Share of KV memory in use above which it counts as no fuller.</summary>
    private const double FullestKv = 0.999;

    /// <summary>Tokens a second of a device that generates none now.</summary>
    private const double DefaultThroughput = 2000;

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = ["seconds of queued tokens", "seconds of KV memory"];

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view) => LowestScore.Choose(this, call, view);

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device)
    {
        ref readonly var state = ref view.Devices[device];
        var load = state.Load;
        var throughput = load is { Running: > 0, StepSeconds: > 0 } ? load.Running / load.StepSeconds : DefaultThroughput;
        var used = Math.Min(FullestKv, 1 - ((double)load.FreeBlocks / Math.Max(1, load.TotalBlocks)));
        return new PlacementTerms((load.QueuedPromptTokens + state.UnseenWholeTokens) / throughput, KvSeconds * used / (1 - used));
    }
}
