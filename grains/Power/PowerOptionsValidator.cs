using Microsoft.Extensions.Options;

namespace Crescent.Grains.Power;

/// <summary>Checks <see cref="PowerOptions"/> at start.</summary>
internal sealed class PowerOptionsValidator : IValidateOptions<PowerOptions>
{
    public ValidateOptionsResult Validate(string? name, PowerOptions options)
    {
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
