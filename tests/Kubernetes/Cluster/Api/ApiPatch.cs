using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>Patches: JSON merge (RFC 7396), and Kubernetes' strategic ones as far as lists merge by <c>name</c> or <c>type</c>.</summary>
internal static class ApiPatch
{
    /// <summary>What <paramref name="patch"/> makes of <paramref name="target"/>.</summary>
    /// <param name="target">The object as it is.</param>
    /// <param name="patch">What is to change.</param>
    /// <param name="contentType">The form of the patch.</param>
    /// <exception cref="ApiFault">The form is not known here (415).</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch, string contentType) => contentType switch
    {
        "application/merge-patch+json" => (JsonObject)Merge(target, patch, isStrategic: false)!,
        "application/strategic-merge-patch+json" => (JsonObject)Merge(target, patch, isStrategic: true)!,
        _ => throw new ApiFault(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted here: merge and strategic merge patches, not {contentType}"),
    };

    private static JsonNode? Merge(JsonNode? target, JsonNode? patch, bool isStrategic)
    {
        if (isStrategic && patch is JsonArray { Count: > 0 } items && target is JsonArray before && KeyOf(items) is { } key)
        {
            return MergeList(before, items, key);
        }

        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var made = target as JsonObject is { } old ? (JsonObject)old.DeepClone() : [];
        foreach (var (name, value) in changes)
        {
            if (isStrategic && name.StartsWith('$'))
            {
                throw ApiFault.Bad($"Directives of strategic patches are not known here: {name}");
            }

            if (value is null)
            {
                made.Remove(name);
            }
            else
            {
                made[name] = Merge(made[name], value, isStrategic);
            }
        }

        return made;
    }

    private static string? KeyOf(JsonArray items) => new[] { "name", "type" }.FirstOrDefault(key => items.All(item => item is JsonObject o && o[key] is JsonValue));

    private static JsonArray MergeList(JsonArray target, JsonArray patch, string key)
    {
        var made = (JsonArray)target.DeepClone();
        foreach (var item in patch)
        {
            var at = made.ToList().FindIndex(old => old is JsonObject o && (string?)o[key] == (string?)item![key]);
            if (at < 0)
            {
                made.Add(item!.DeepClone());
            }
            else
            {
                made[at] = Merge(made[at], item, isStrategic: true);
            }
        }

        return made;
    }
}
