using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Crescent.Client.Commands;

/// <summary>Options that take numbers within a range, with commas between them.</summary>
internal static class ListOption
{
    private const int MostValues = 64;

    /// <summary>An option whose wrong values are refused in words that name the option, the range and the value. Empty when it is not given.</summary>
    /// <param name="name">Its name, such as <c>--samples</c>.</param>
    /// <param name="description">For the help.</param>
    /// <param name="helpName">Placeholder of its value in the help.</param>
    /// <param name="range">The range in words, such as <c>whole numbers from 1 to 128</c>.</param>
    /// <param name="allowed">Whether a value lies in the range.</param>
    public static Option<T[]?> Create<T>(string name, string description, string helpName, string range, Func<T, bool> allowed)
        where T : struct, INumber<T> =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = argument =>
            {
                var text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
                var parts = text.Split(',', StringSplitOptions.TrimEntries);
                var values = new List<T>();
                foreach (var part in parts)
                {
                    if (!T.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !allowed(value) || parts.Length > MostValues)
                    {
                        argument.AddError($"{name} takes up to {MostValues} {range}, with commas between them, not '{text}'.");
                        return null;
                    }

                    values.Add(value);
                }

                return [.. values.Distinct()];
            },
        };
}
