using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>The <c>/scale</c> of Deployments and StatefulSets: the one number of them that autoscalers and planners change.</summary>
internal static class ApiScale
{
    /// <summary>The scale of an object.</summary>
    public static JsonObject Of(JsonObject held)
    {
        var metadata = new JsonObject();
        foreach (var name in new[] { "name", "namespace", "uid", "resourceVersion", "creationTimestamp" })
        {
            metadata[name] = held["metadata"]![name]?.DeepClone();
        }

        var labels = held["spec"]!["selector"]?["matchLabels"] as JsonObject ?? [];
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = held["spec"]!["replicas"]?.DeepClone() ?? 1 },
            ["status"] = new JsonObject
            {
                ["replicas"] = held["status"]?["replicas"]?.DeepClone() ?? 0,
                ["selector"] = string.Join(',', labels.Select(static label => $"{label.Key}={label.Value}")),
            },
        };
    }

    /// <summary>The object with the replicas of <paramref name="scale"/>, if it is of the revision that the scale was read at, or of any where it names none.</summary>
    public static JsonObject Applied(ApiKind kind, JsonObject held, JsonObject scale)
    {
        var replicas = (long?)scale["spec"]?["replicas"] ?? 0;
        if (replicas < 0)
        {
            throw ApiFault.Invalid(kind, (string)held["metadata"]!["name"]!, $"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0");
        }

        (held["spec"]!["replicas"], held["metadata"]!["resourceVersion"]) = (replicas, scale["metadata"]?["resourceVersion"]?.DeepClone());
        return held;
    }
}
