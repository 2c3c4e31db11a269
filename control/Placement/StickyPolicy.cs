namespace Crescent.Control.Placement;

/// <summary>
/// llm-d's default of 2026, sticky until saturated: the devices that hold at least 0.8 of the prompt, unless the prompt tokens that wait
/// there take longer than the call's time to first token at the device's peak prefill rate; among what is left the one with the fewest
/// uncached tokens in flight where prefill binds, with the fewest sequences where decode binds.
/// </summary>
public sealed class StickyPolicy : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "sticky";

    /// <summary>Share of the prompt that makes a device the call's home.</summary>
    private const double HomeShare = 0.8;

    /// <summary>Points of a device that is not the call's home: more than any queue.</summary>
    private const double Away = 1e9;

    /// <summary>The batch at which decode is compared with prefill.</summary>
    private const int TypicalBatch = 64;

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = ["tokens or sequences", "not at home"];

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view) => LowestScore.Choose(this, call, view);

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device)
    {
        ref readonly var state = ref view.Devices[device];
        var uncached = view.Uncached(call, device);
        var pending = (double)(state.Load.QueuedPromptTokens + state.UnseenPromptTokens);
        var home = uncached <= (1 - HomeShare) * call.PromptTokens && pending * state.Profile.PromptSeconds <= call.Level.TtftSeconds;
        var prefill = call.PromptTokens * state.Profile.PromptSeconds;
        var decode = call.ExpectedTokens * state.Profile.DecodeSeconds(TypicalBatch, 0) / TypicalBatch;
        return new PlacementTerms(prefill >= decode ? pending + uncached : state.Sequences, home ? 0 : Away);
    }
}
