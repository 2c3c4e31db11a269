namespace Crescent.Control.Placement;

/// <summary>
/// llm-d's default of 2026, sticky until saturated: the devices that hold at least 0.8 of the prompt, unless the best of them would begin it later than the best of the
/// others by more than the call's time to first token, both by the uncached prompt tokens in flight there at the device's peak prefill rate; among what is left the one with the
/// fewest uncached tokens in flight where prefill binds, with the fewest sequences where decode binds.
/// </summary>
/// <remarks>llm-d's own default for what it may be later is 14 to 18 s; nobody who promises less to users would leave it there, so the promise is taken.</remarks>
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
    public PlacementDecision Choose(in PlacementCall call, FactoryView view) => view.TryFindGate(call, out var wanted)
        ? LowestScore.Choose(call, view, wanted, Sticks(call, view, wanted), static (in PlacementCall one, FactoryView all, int device, bool sticks) => Terms(one, all, device, sticks))
        : PlacementDecision.None;

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device) =>
        Terms(call, view, device, view.TryFindGate(call, out var wanted) && Sticks(call, view, wanted));

    private static PlacementTerms Terms(in PlacementCall call, FactoryView view, int device, bool sticks)
    {
        ref readonly var state = ref view.Devices[device];
        var prefill = call.PromptTokens * state.Profile.PromptSeconds;
        var decode = call.ExpectedTokens * state.Profile.DecodeSeconds(TypicalBatch, 0) / TypicalBatch;
        return new PlacementTerms(
            prefill >= decode ? InFlight(state) + view.Uncached(call, device) : state.Sequences, sticks && !IsHome(call, view, device) ? Away : 0);
    }

    /// <summary>Whether some device is the call's home, and not so much later than the others that the call leaves it.</summary>
    private static bool Sticks(in PlacementCall call, FactoryView view, PlacementGate wanted)
    {
        var (home, other) = (double.PositiveInfinity, double.PositiveInfinity);
        for (var i = 0; i < view.Devices.Length; i++)
        {
            if (view.Gate(call, i) == wanted)
            {
                ref readonly var state = ref view.Devices[i];
                var seconds = InFlight(state) * state.Profile.PromptSeconds;
                if (IsHome(call, view, i))
                {
                    home = Math.Min(home, seconds);
                }
                else
                {
                    other = Math.Min(other, seconds);
                }
            }
        }

        return double.IsFinite(home) && (!double.IsFinite(other) || home - other <= call.Level.TtftSeconds);
    }

    private static bool IsHome(in PlacementCall call, FactoryView view, int device) => call.PromptTokens - view.Uncached(call, device) >= HomeShare * call.PromptTokens;

    private static double InFlight(in DeviceState state) => state.Load.QueuedPromptTokens + state.UnseenPromptTokens;
}
