using Crescent.Control.Placement;
using Crescent.Grains.Configuration;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Placement;

/// <summary>Checks <see cref="PlacementOptions"/> at start.</summary>
internal sealed class PlacementOptionsValidator : IValidateOptions<PlacementOptions>
{
    /// <summary>A name of the time before the policies of Crescent.Control.</summary>
    private const string FormerPolicy = "power-queue";

    public ValidateOptionsResult Validate(string? name, PlacementOptions options)
    {
        var ranges = new OptionRanges(PlacementOptions.Section);
        if (!PlacementPolicies.Names.Contains(options.Policy))
        {
            var hint = options.Policy == FormerPolicy ? $" {FormerPolicy} is gone; {PlacementPolicies.Default} took its place." : "";
            ranges.Add(
                $"{PlacementOptions.Section}:Policy is '{options.Policy}', which is no placement policy; there are: "
                + $"{string.Join(", ", PlacementPolicies.Names)}.{hint}");
        }

        var weights = options.Weights;
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.Energy)}", weights.Energy, 0, PlacementOptions.MaxWeight);
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.Power)}", weights.Power, 0, PlacementOptions.MaxWeight);
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.Kv)}", weights.Kv, 0, PlacementOptions.MaxWeight);
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.Latency)}", weights.Latency, 0, PlacementOptions.MaxWeight);
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.Stall)}", weights.Stall, 0, PlacementOptions.MaxWeight);
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.Recompute)}", weights.Recompute, 0, PlacementOptions.MaxWeight);
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.Margin)}", weights.Margin, 0.01, 1);
        ranges.Check($"{nameof(options.Weights)}:{nameof(weights.ShedAbove)}", weights.ShedAbove, 0, PlacementOptions.MaxWeight);
        ranges.Check(nameof(options.StaleSeconds), options.StaleSeconds, 1, 60);
        ranges.Check(nameof(options.MaxQueued), options.MaxQueued, 1, int.MaxValue);
        ranges.Check(nameof(options.MoveMargin), options.MoveMargin, 0, PlacementOptions.MaxWeight);
        ranges.Check(nameof(options.ReservationLeaseSeconds), options.ReservationLeaseSeconds, 1, double.MaxValue);
        return ranges.Result;
    }
}
