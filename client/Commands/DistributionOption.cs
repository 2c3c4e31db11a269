using System.CommandLine;
using Crescent.Client.Load.Draws;

namespace Crescent.Client.Commands;

/// <summary>Options that take a distribution.</summary>
internal static class DistributionOption
{
    /// <summary>An option of times, such as <c>lognormal:200ms,0.5</c>.</summary>
    public static Option<Distribution?> OfTimes(string name, string description) => Create(name, description, TimeText.Seconds, "times with a unit (us, ms, s, min), such as 20ms or lognormal:200ms,0.5");

    /// <summary>An option of counts, such as <c>lognormal:200,0.5</c>.</summary>
    public static Option<Distribution?> OfCounts(string name, string description) => Create(name, description, Distribution.Number, "numbers of tokens or turns, such as 128 or lognormal:200,0.5");

    private static Option<Distribution?> Create(string name, string description, Func<string, double?> quantity, string what) => new(name)
    {
        Description = description,
        HelpName = "DIST",
        CustomParser = argument =>
        {
            var text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
            if (Distribution.Parse(text, quantity) is { } distribution)
            {
                return distribution;
            }

            argument.AddError($"{name} takes {Distribution.Forms}, of {what}, not '{text}'.");
            return null;
        },
    };
}
