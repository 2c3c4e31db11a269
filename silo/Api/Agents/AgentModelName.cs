using System.Globalization;
using Crescent.Agents.Strategies;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Agents;

/// <summary>A model's name with a strategy before it: <c>agent:STRATEGY/MODEL</c> or <c>agent:STRATEGY:SAMPLES/MODEL</c>; without <c>/MODEL</c> the cluster's first.</summary>
/// <param name="Strategy">The strategy, which there is.</param>
/// <param name="Samples">Its samples, 1 to 128; null for as many as usual.</param>
/// <param name="Model">The model's own name; null for the cluster's first.</param>
internal readonly record struct AgentModelName(string Strategy, int? Samples, string? Model)
{
    /// <summary>What such a name begins with.</summary>
    public const string Prefix = "agent:";

    private const int MaxSamples = 128;

    /// <summary>Whether a model is named so.</summary>
    public static bool Is(string? name) => name?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">There is no such strategy (404), or the samples are no number that it takes.</exception>
    public static AgentModelName Read(string name, StrategyCatalogue strategies)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var agent = slash < 0 ? name[Prefix.Length..] : name[Prefix.Length..slash];
        var colon = agent.IndexOf(':', StringComparison.Ordinal);
        var strategy = colon < 0 ? agent : agent[..colon];
        if (!strategies.Has(strategy))
        {
            throw new ApiException(
                StatusCodes.Status404NotFound,
                ApiException.InvalidRequest,
                $"'{name}' names no strategy that there is; agent:STRATEGY[:SAMPLES]/MODEL takes {string.Join(", ", strategies.Names)}.",
                "model",
                "model_not_found");
        }

        return new AgentModelName(strategy, colon < 0 ? null : Count(agent[(colon + 1)..]), slash < 0 ? null : name[(slash + 1)..]);

        int Count(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var samples) && samples is >= 1 and <= MaxSamples
            ? samples
            : throw ApiException.InvalidValue("model", $"'{name}' asks for '{text}' samples; it takes 1 to {MaxSamples}.");
    }
}
