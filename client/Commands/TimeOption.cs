using System.CommandLine;
using Crescent.Client.Load.Draws;

namespace Crescent.Client.Commands;

/// <summary>Options that take a time with its unit.</summary>
internal static class TimeOption
{
    /// <summary>An option in seconds, whose values are written as <c>250us</c>, <c>20ms</c>, <c>1.5s</c>, <c>2min</c> or <c>1h</c>; a plain number is seconds.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">For the help.</param>
    /// <param name="least">The least value, s.</param>
    /// <param name="most">The largest value, s.</param>
    public static Option<double?> Create(string name, string description, double least, double most) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = argument =>
        {
            var text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
            if ((TimeText.Seconds(text) ?? Distribution.Number(text)) is { } seconds && seconds >= least && seconds <= most)
            {
                return seconds;
            }

            argument.AddError(FormattableString.Invariant($"{name} takes a time from {least} s to {most} s, such as 500ms, 30s or 2min, not '{text}'."));
            return null;
        },
    };
}
