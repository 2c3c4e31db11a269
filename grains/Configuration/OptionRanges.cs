using Microsoft.Extensions.Options;

namespace Crescent.Grains.Configuration;

/// <summary>Collects what is wrong with the options of a section, each named with its range.</summary>
/// <param name="section">The section, such as <c>Crescent:Health</c>.</param>
internal sealed class OptionRanges(string section)
{
    private readonly List<string> _errors = [];

    /// <summary>What was found.</summary>
    public ValidateOptionsResult Result => _errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_errors);

    /// <summary>Adds something else that is wrong.</summary>
    public void Add(string error) => _errors.Add(error);

    /// <summary><paramref name="setting"/> must be <paramref name="least"/> to <paramref name="most"/>.</summary>
    public void Check(string setting, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            var range = most >= int.MaxValue ? $"{least} or more" : $"{least} to {most}";
            _errors.Add($"{section}:{setting} is {value}; it must be {range}.");
        }
    }
}
