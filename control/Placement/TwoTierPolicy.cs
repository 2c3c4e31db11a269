namespace Crescent.Control.Placement;

/// <summary>
/// NVIDIA Dynamo's <c>dynamo-two-tier-cost-fn</c> (1.5), which is SGLang's cache-aware router: where the devices' active requests are more than 32 apart and the most are more
/// than 1.1 times the fewest, the device with the fewest; else, where a device holds more than half of the prompt's whole blocks, of those that hold the most the one with the
/// fewest; else the one with the fewest.
/// </summary>
public sealed class TwoTierPolicy : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "two-tier";

    /// <summary>Share of the prompt's whole blocks above which a cache decides.</summary>
    private const double CacheThreshold = 0.5;

    /// <summary>Active requests that devices may be apart.</summary>
    private const int AbsoluteThreshold = 32;

    /// <summary>How many times the fewest the most may be.</summary>
    private const double RelativeThreshold = 1.1;

    /// <summary>Points of a device that has not the best cache: more than any number of requests.</summary>
    private const double Away = 1e9;

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = ["active requests", "not the best cache"];

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view) => view.TryFindGate(call, out var wanted)
        ? LowestScore.Choose(call, view, wanted, Decisive(call, view, wanted), static (in PlacementCall one, FactoryView all, int device, int most) => Terms(all, device, most))
        : PlacementDecision.None;

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device) =>
        Terms(view, device, view.TryFindGate(call, out var wanted) ? Decisive(call, view, wanted) : 0);

    private static PlacementTerms Terms(FactoryView view, int device, int most) =>
        new(view.Devices[device].Sequences, most > 0 && view.CachedBlocks(device) != most ? Away : 0);

    /// <summary>Cached blocks that a device must have; 0 where caches do not decide.</summary>
    private static int Decisive(in PlacementCall call, FactoryView view, PlacementGate wanted)
    {
        var (fewest, largest, most, whole) = (int.MaxValue, 0, 0, 0);
        for (var i = 0; i < view.Devices.Length; i++)
        {
            if (view.Gate(call, i) == wanted)
            {
                var active = view.Devices[i].Sequences;
                (fewest, largest) = (Math.Min(fewest, active), Math.Max(largest, active));
                if (view.CachedBlocks(i) > most)
                {
                    (most, whole) = (view.CachedBlocks(i), call.PromptTokens / Math.Max(1, view.Forecasts[i].BlockSize));
                }
            }
        }

        var isApart = largest - fewest > AbsoluteThreshold && largest > RelativeThreshold * fewest;
        return !isApart && most > CacheThreshold * whole ? most : 0;
    }
}
