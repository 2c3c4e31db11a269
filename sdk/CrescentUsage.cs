using Crescent.Grains.Contracts.Chat;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>What an answer took in the factory: times, device, and energy with its source.</summary>
public static class CrescentUsage
{
    /// <summary>Its name among the additional properties.</summary>
    internal const string Property = "crescent";

    /// <summary>What the answer took; null where this piece does not tell it, as only the last one does.</summary>
    /// <param name="update">A piece of an answer.</param>
    public static ChatUsage? GetCrescentUsage(this ChatResponseUpdate update) => In(update.AdditionalProperties);

    /// <summary>What the answer took; null where it is none of a factory.</summary>
    /// <param name="response">An answer; where functions were invoked, the last one.</param>
    public static ChatUsage? GetCrescentUsage(this ChatResponse response) =>
        In(response.AdditionalProperties) ?? response.Messages.Select(static message => In(message.AdditionalProperties)).LastOrDefault(static cost => cost is not null);

    private static ChatUsage? In(AdditionalPropertiesDictionary? properties) => properties?.GetValueOrDefault(Property) as ChatUsage;
}
