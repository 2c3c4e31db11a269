using Crescent.Control.Health;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Gpu;

/// <summary>Checks <see cref="HealthOptions"/> at start.</summary>
internal sealed class HealthOptionsValidator : IValidateOptions<HealthOptions>
{
    private const double Day = 86_400;

    public ValidateOptionsResult Validate(string? name, HealthOptions options)
    {
        var errors = new List<string>();
        Check(nameof(options.FailedSteps), options.FailedSteps, 1, 1000);
        Check(nameof(options.WindowSeconds), options.WindowSeconds, 1, 3600);
        Check(nameof(options.StallSeconds), options.StallSeconds, 1, 3600);
        Check(nameof(options.StallFactor), options.StallFactor, 2, 1000);
        Check(nameof(options.FirstPauseSeconds), options.FirstPauseSeconds, 0.1, 3600);
        Check(nameof(options.LongestPauseSeconds), options.LongestPauseSeconds, options.FirstPauseSeconds, Day);
        Check(nameof(options.ReleaseSeconds), options.ReleaseSeconds, 0, Day);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string setting, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
            {
                errors.Add($"{HealthOptions.Section}:{setting} is {value}; it must be {least} to {most}.");
            }
        }
    }
}
