using Microsoft.Extensions.Options;

namespace Crescent.Grains.Placement;

/// <summary>Checks <see cref="PlacementOptions"/> at start.</summary>
internal sealed class PlacementOptionsValidator : IValidateOptions<PlacementOptions>
{
    public ValidateOptionsResult Validate(string? name, PlacementOptions options)
    {
        var errors = new List<string>();
        if (!PlacementPolicies.Names.Contains(options.Policy))
        {
            errors.Add(PlacementPolicies.UnknownName(options.Policy));
        }

        Check(nameof(options.PowerWeight), options.PowerWeight, 0, double.MaxValue);
        Check(nameof(options.StaleSeconds), options.StaleSeconds, 1, 60);
        Check(nameof(options.MaxQueued), options.MaxQueued, 1, int.MaxValue);
        Check(nameof(options.ReservationLeaseSeconds), options.ReservationLeaseSeconds, 1, double.MaxValue);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string setting, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
            {
                var range = most >= int.MaxValue ? $"{least} or more" : $"{least} to {most}";
                errors.Add($"{PlacementOptions.Section}:{setting} is {value}; it must be {range}.");
            }
        }
    }
}
