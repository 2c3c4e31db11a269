using Crescent.Grains.Configuration;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Planning;

/// <summary>Checks <see cref="PlannerOptions"/> at start.</summary>
internal sealed class PlannerOptionsValidator : IValidateOptions<PlannerOptions>
{
    private const double DaySeconds = 86_400;

    public ValidateOptionsResult Validate(string? name, PlannerOptions options)
    {
        var ranges = new OptionRanges(PlannerOptions.Section);
        if (!PlannerOptions.Modes.ContainsKey(options.Mode))
        {
            ranges.Add($"{PlannerOptions.Section}:Mode is '{options.Mode}'; it must be one of: {string.Join(", ", PlannerOptions.Modes.Keys)}.");
        }

        if (options.Does == PlannerMode.Apply && string.IsNullOrEmpty(options.Set))
        {
            ranges.Add($"{PlannerOptions.Section}:Mode is 'apply', but {PlannerOptions.Section}:Set names no StatefulSet whose replicas could be set. Name it, or use 'dry-run'.");
        }

        if (options.Api is { } api && !(Uri.TryCreate(api, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            ranges.Add($"{PlannerOptions.Section}:Api is '{api}'; it must be an address such as https://10.0.0.1:6443.");
        }

        ranges.Check(nameof(options.Fewest), options.Fewest, 1, PlannerOptions.MaxReplicas);
        ranges.Check(nameof(options.Most), options.Most, Math.Max(1, options.Fewest), PlannerOptions.MaxReplicas);
        ranges.Check(nameof(options.StartSeconds), options.StartSeconds, 0, 3600);
        ranges.Check(nameof(options.QuietSeconds), options.QuietSeconds, 1, DaySeconds);
        ranges.Check(nameof(options.PersonSeconds), options.PersonSeconds, 0, 7 * DaySeconds);
        ranges.Check(nameof(options.MostUp), options.MostUp, 1, PlannerOptions.MaxReplicas);
        ranges.Check(nameof(options.Headroom), options.Headroom, 0.1, 1);
        ranges.Check(nameof(options.ItlSeconds), options.ItlSeconds, 0.0001, 60);
        ranges.Check(nameof(options.LookSeconds), options.LookSeconds, 0.1, 600);
        ranges.Check(nameof(options.DrainSeconds), options.DrainSeconds, 0, 3600);
        return ranges.Result;
    }
}
