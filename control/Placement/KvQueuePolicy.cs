namespace Crescent.Control.Placement;

/// <summary>
/// The cost of NVIDIA Dynamo's KV router at temperature 0, in KV blocks: prompt blocks in flight on the device and of the call, less
/// those its cache holds, plus the blocks of the sequences it decodes. The lowest cost wins, of equal ones the device with the
/// fewest blocks in use. Where devices have blocks of different sizes, all are counted in those of the first.
/// </summary>
/// <param name="prefillScale">Weight of a prompt block beside a decode block; 1 as in Dynamo.</param>
public sealed class KvQueuePolicy(double prefillScale = 1) : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "kv-queue";

    /// <summary>Makes the use of memory decide between devices of one cost, and nothing else.</summary>
    private const double TieBreak = 1e-9;

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = ["prompt blocks to compute", "blocks in decode", "ties: blocks in use"];

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view) => LowestScore.Choose(this, call, view);

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device)
    {
        ref readonly var state = ref view.Devices[device];
        ref readonly var forecast = ref view.Forecasts[device];
        double unit = view.Forecasts[0].BlockSize;
        var scale = forecast.BlockSize / unit;
        var prompt = (forecast.QueuedPromptTokens + call.PromptTokens) / unit;
        var used = (forecast.UsedPositions / unit) - (scale * state.UnseenBlocks);
        return new PlacementTerms(
            prefillScale * Math.Max(0, prompt - (scale * view.CachedBlocks(device))), used + (scale * state.UnseenPromptBlocks), TieBreak * used);
    }
}
