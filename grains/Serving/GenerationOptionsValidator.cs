using Crescent.Grains.Tokens;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Serving;

/// <summary>Checks <see cref="GenerationOptions"/> at start.</summary>
internal sealed class GenerationOptionsValidator : IValidateOptions<GenerationOptions>
{
    public ValidateOptionsResult Validate(string? name, GenerationOptions options)
    {
        var errors = new List<string>();
        Check(nameof(options.PlacementSeconds), options.PlacementSeconds, 1, 600);
        Check(nameof(options.ResumeSeconds), options.ResumeSeconds, 1, 600);
        Check(nameof(options.HopSeconds), options.HopSeconds, 0.5, 60);
        Check(nameof(options.SilenceSeconds), options.SilenceSeconds, 1, 600);
        Check(nameof(options.LivenessSeconds), options.LivenessSeconds, 1, 600);
        Check(nameof(options.StallSeconds), options.StallSeconds, 1, 3600);
        Check(nameof(options.DrainSeconds), options.DrainSeconds, GenerationOptions.MinDrainSeconds, GenerationOptions.MaxDrainSeconds);
        Check(nameof(options.MaxAttempts), options.MaxAttempts, 1, StreamTicket.MaxAttempts);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string setting, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
            {
                errors.Add($"{GenerationOptions.Section}:{setting} is {value}; it must be {least} to {most}.");
            }
        }
    }
}
