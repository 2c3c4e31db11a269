namespace Crescent.Control.Placement;

/// <summary>
/// The cost of NVIDIA Dynamo's KV router at temperature 0, in KV blocks: prompt blocks in flight on the device and of the call, less
/// those its cache holds, plus the blocks of prompts that would be in use there with the call, each once whoever shares it. The lowest cost wins, of equal ones the
/// device with the fewest blocks in use. Where devices have blocks of different sizes, all are counted in those of the first.
/// </summary>
/// <remarks>
/// What is in use is read off <see cref="FactoryView.Active"/> where somebody keeps it. Elsewhere it is what the devices report, answers included, and of calls that no
/// report counts yet what no cache held when they were placed.
/// </remarks>
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
    public IReadOnlyList<string> TermNames { get; } = ["prompt blocks to compute", "blocks in use with the call", "ties: blocks in use"];

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
        var load = state.Load;
        var used = scale * load.Demand.SpansHeld(load.TotalBlocks - load.FreeBlocks, load.Running);
        var cached = scale * view.CachedBlocks(device);
        var decode = view.Active is { } active
            ? active.Count(state.Key) + active.New(state.Key)
            : used + (scale * load.Demand.SpansHeld(state.UnseenNewBlocks, state.UnseenCalls)) + Math.Max(0, (scale * Math.Ceiling((double)call.PromptTokens / forecast.BlockSize)) - cached);
        return new PlacementTerms(prefillScale * Math.Max(0, prompt - cached), decode, TieBreak * used);
    }
}
