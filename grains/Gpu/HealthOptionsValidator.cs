using Crescent.Control.Health;
using Crescent.Grains.Configuration;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Gpu;

/// <summary>Checks <see cref="HealthOptions"/> at start.</summary>
internal sealed class HealthOptionsValidator : IValidateOptions<HealthOptions>
{
    private const double Day = 86_400;

    public ValidateOptionsResult Validate(string? name, HealthOptions options)
    {
        var ranges = new OptionRanges(HealthOptions.Section);
        ranges.Check(nameof(options.FailedSteps), options.FailedSteps, 1, 1000);
        ranges.Check(nameof(options.WindowSeconds), options.WindowSeconds, 1, 3600);
        ranges.Check(nameof(options.StallSeconds), options.StallSeconds, 1, 3600);
        ranges.Check(nameof(options.StallFactor), options.StallFactor, 2, 1000);
        ranges.Check(nameof(options.FirstPauseSeconds), options.FirstPauseSeconds, 0.1, 3600);
        ranges.Check(nameof(options.LongestPauseSeconds), options.LongestPauseSeconds, options.FirstPauseSeconds, Day);
        ranges.Check(nameof(options.ReleaseSeconds), options.ReleaseSeconds, 0, Day);
        ranges.Check(nameof(options.OpenSeconds), options.OpenSeconds, 1, Day);
        return ranges.Result;
    }
}
