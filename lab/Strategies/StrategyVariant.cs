using System.Globalization;
using System.Numerics;
using Crescent.Agents.Strategies;

namespace Crescent.Lab.Strategies;

/// <summary>A strategy as a study names it: its name, and after colons its samples and the confidence at which a vote ends, such as <c>self-consistency:16:1</c>.</summary>
/// <param name="Text">As it is written.</param>
/// <param name="Name">Name of the strategy.</param>
/// <param name="Settings">Its settings.</param>
public sealed record StrategyVariant(string Text, string Name, StrategySettings Settings)
{
    /// <summary>Reads a name.</summary>
    /// <param name="text">The name.</param>
    /// <param name="maxTokens">Most tokens of an answer.</param>
    /// <exception cref="FormatException">The message says what is wrong and what is known.</exception>
    public static StrategyVariant Parse(string text, int maxTokens)
    {
        var parts = text.Split(':');
        var catalogue = new StrategyCatalogue();
        if (!catalogue.Has(parts[0]))
        {
            throw new FormatException($"'{parts[0]}' is no strategy: there are {string.Join(", ", catalogue.Names)}.");
        }

        var settings = new StrategySettings { MaxTokens = maxTokens };
        if (parts.Length > 1)
        {
            settings = settings with { Samples = Number<int>(text, parts, 1, "samples") };
        }

        if (parts.Length > 2)
        {
            settings = settings with { Confidence = Number<double>(text, parts, 2, "confidence") };
        }

        return parts.Length > 3 ? throw new FormatException($"'{text}' has too many parts: write STRATEGY[:SAMPLES[:CONFIDENCE]].")
            : settings.Fault() is { } fault ? throw new FormatException($"The {fault.Name} of '{text}' must be {fault.Range}.")
            : new StrategyVariant(text, parts[0], settings);
    }

    private static T Number<T>(string text, string[] parts, int at, string setting) where T : INumber<T> =>
        !StrategyCatalogue.Heeds(parts[0], setting) ? throw new FormatException($"'{text}': {parts[0]} has no {setting}.")
        : T.TryParse(parts[at], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value
        : throw new FormatException($"'{parts[at]}' in '{text}' is no number: write STRATEGY[:SAMPLES[:CONFIDENCE]].");
}
