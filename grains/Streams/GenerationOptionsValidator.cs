using Crescent.Grains.Configuration;
using Crescent.Grains.Frames;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Streams;

/// <summary>Checks <see cref="GenerationOptions"/> at start.</summary>
internal sealed class GenerationOptionsValidator : IValidateOptions<GenerationOptions>
{
    public ValidateOptionsResult Validate(string? name, GenerationOptions options)
    {
        var ranges = new OptionRanges(GenerationOptions.Section);
        ranges.Check(nameof(options.PlacementSeconds), options.PlacementSeconds, 1, 600);
        ranges.Check(nameof(options.ResumeSeconds), options.ResumeSeconds, 1, 600);
        ranges.Check(nameof(options.HopSeconds), options.HopSeconds, 0.5, 60);
        ranges.Check(nameof(options.SilenceSeconds), options.SilenceSeconds, 1, 600);
        ranges.Check(nameof(options.LivenessSeconds), options.LivenessSeconds, 1, 600);
        ranges.Check(nameof(options.StallSeconds), options.StallSeconds, 1, 3600);
        ranges.Check(nameof(options.DrainSeconds), options.DrainSeconds, GenerationOptions.MinDrainSeconds, GenerationOptions.MaxDrainSeconds);
        ranges.Check(nameof(options.MaxAttempts), options.MaxAttempts, 1, StreamTicket.MaxAttempts);
        return ranges.Result;
    }
}
