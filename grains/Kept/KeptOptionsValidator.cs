using Crescent.Grains.Configuration;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Kept;

/// <summary>Checks <see cref="KeptOptions"/> at start.</summary>
internal sealed class KeptOptionsValidator : IValidateOptions<KeptOptions>
{
    public ValidateOptionsResult Validate(string? name, KeptOptions options)
    {
        var ranges = new OptionRanges(KeptOptions.Section);
        ranges.Check(nameof(options.Seconds), options.Seconds, 0, KeptOptions.MaxSeconds);
        ranges.Check(nameof(options.AloneSeconds), options.AloneSeconds, 0, KeptOptions.MaxAloneSeconds);
        ranges.Check(nameof(options.AnswerMib), options.AnswerMib, KeptOptions.LeastMib, KeptOptions.MaxAnswerMib);
        ranges.Check(nameof(options.Mib), options.Mib, KeptOptions.LeastMib, KeptOptions.MaxMib);
        return ranges.Result;
    }
}
