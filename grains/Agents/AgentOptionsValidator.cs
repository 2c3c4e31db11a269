using Crescent.Grains.Configuration;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Agents;

/// <summary>Checks <see cref="AgentOptions"/> at start.</summary>
internal sealed class AgentOptionsValidator : IValidateOptions<AgentOptions>
{
    public ValidateOptionsResult Validate(string? name, AgentOptions options)
    {
        var ranges = new OptionRanges(AgentOptions.Section);
        ranges.Check(nameof(options.MaxTasks), options.MaxTasks, 1, AgentOptions.MostTasks);
        ranges.Check(nameof(options.Kept), options.Kept, 0, AgentOptions.MostKept);
        ranges.Check(nameof(options.Attempts), options.Attempts, 1, AgentOptions.MostAttempts);
        ranges.Check(nameof(options.ToolSeconds), options.ToolSeconds, 0.001, AgentOptions.MostToolSeconds);
        return ranges.Result;
    }
}
