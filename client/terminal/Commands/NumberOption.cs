using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Crescent.Client.Commands;

/// <summary>Options that take a number within a range.</summary>
internal static class NumberOption
{
    /// <summary>An option whose wrong values are refused in words that name the option, the range and the value.</summary>
    /// <param name="name">Its name, such as <c>--top-p</c>.</param>
    /// <param name="description">For the help.</param>
    /// <param name="helpName">Placeholder of its value in the help.</param>
    /// <param name="range">The range in words, such as <c>a number from 0 to 2</c>.</param>
    /// <param name="allowed">Whether a value lies in the range.</param>
    public static Option<T?> Create<T>(string name, string description, string helpName, string range, Func<T, bool> allowed)
        where T : struct, INumber<T> =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = argument =>
            {
                var text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
                if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && allowed(value))
                {
                    return value;
                }

                argument.AddError($"{name} takes {range}, not '{text}'.");
                return null;
            },
        };
}
