using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Planning;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Crescent.Silo.Planning;

/// <summary>
/// The replicas of a StatefulSet. What a planner has set stands in the ConfigMap <see cref="Notes"/> beside it, as <c>planned</c> and <c>leaving</c>; a person who writes
/// <c>planner: "off"</c> there switches planning off. What is done is told by Kubernetes' events.
/// </summary>
/// <param name="api">The API server, as somebody who may get the StatefulSet, patch its scale, get and patch the ConfigMap, and create events.</param>
/// <param name="set">Name of the StatefulSet.</param>
/// <param name="space">Its namespace.</param>
internal sealed class StatefulSetScale(IKubernetes api, string set, string space) : IReplicaScale
{
    /// <summary>Name of the ConfigMap.</summary>
    public const string Notes = "crescent-planner";

    private const string Planned = "planned";
    private const string Leaving = "leaving";
    private const string Switch = "planner";

    private string _uid = "";

    public string Name => $"statefulset/{set}";

    // A pod's name is that of its set and its number.
    public bool Has(string silo) => silo.StartsWith($"{set}-", StringComparison.Ordinal) && int.TryParse(silo.AsSpan(set.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    public string Last(int replicas) => $"{set}-{replicas - 1}";

    public Task<ReplicaScaleState> Read(CancellationToken cancellationToken) => Ask($"read {Name}", async () =>
    {
        var found = await api.AppsV1.ReadNamespacedStatefulSetAsync(set, space, cancellationToken: cancellationToken);
        var notes = (await api.CoreV1.ReadNamespacedConfigMapAsync(Notes, space, cancellationToken: cancellationToken)).Data ?? new Dictionary<string, string>();
        _uid = found.Metadata.Uid ?? "";
        return new ReplicaScaleState(found.Spec.Replicas ?? 1, found.Status?.ReadyReplicas ?? 0)
        {
            Planned = notes.TryGetValue(Planned, out var planned) && int.TryParse(planned, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
            Leaving = notes.TryGetValue(Leaving, out var leaving) && leaving.Length > 0 ? leaving : null,
            IsOff = notes.TryGetValue(Switch, out var word) && word == "off",
            Revision = found.Metadata.ResourceVersion ?? "",
        };
    });

    public Task Set(int replicas, ReplicaScaleState read, CancellationToken cancellationToken) => Ask($"scale {Name} to {replicas}", () =>
        api.AppsV1.PatchNamespacedStatefulSetScaleAsync(
            Merge(new JsonObject
            {
                // What was changed meanwhile is not overwritten.
                ["metadata"] = new JsonObject { ["resourceVersion"] = read.Revision },
                ["spec"] = new JsonObject { ["replicas"] = replicas },
            }),
            set,
            space,
            cancellationToken: cancellationToken));

    public Task Keep(int? planned, string? leaving, CancellationToken cancellationToken) => Ask($"write the ConfigMap {Notes}", () => api.CoreV1.PatchNamespacedConfigMapAsync(
        Merge(new JsonObject { ["data"] = new JsonObject { [Planned] = planned?.ToString(CultureInfo.InvariantCulture), [Leaving] = leaving } }), Notes, space, cancellationToken: cancellationToken));

    public Task Tell(string what, CancellationToken cancellationToken) => Ask("create an event", () =>
    {
        var now = DateTime.UtcNow;
        return api.CoreV1.CreateNamespacedEventAsync(
            new Corev1Event
            {
                Metadata = new V1ObjectMeta { Name = $"{set}.{Guid.NewGuid():N}", NamespaceProperty = space },
                InvolvedObject = new V1ObjectReference { ApiVersion = "apps/v1", Kind = "StatefulSet", Name = set, NamespaceProperty = space, Uid = _uid },
                Reason = "Planned",
                Type = "Normal",
                Message = what,
                Count = 1,
                FirstTimestamp = now,
                LastTimestamp = now,
                Source = new V1EventSource { Component = Notes },
            },
            space,
            cancellationToken: cancellationToken);
    });

    private static V1Patch Merge(JsonObject patch) => new(patch.ToJsonString(), V1Patch.PatchType.MergePatch);

    private static async Task<T> Ask<T>(string what, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (HttpOperationException e)
        {
            throw new ReplicaScaleException($"Kubernetes did not {what}: {Said(e)}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or KubernetesException)
        {
            throw new ReplicaScaleException($"Kubernetes did not {what}: {e.Message}", e);
        }
    }

    private static string Said(HttpOperationException e)
    {
        var code = (int)e.Response.StatusCode;
        try
        {
            var message = (string?)JsonNode.Parse(e.Response.Content ?? "")?["message"];
            var remedy = e.Response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.NotFound ? " (k8s/components/planner has what it needs)" : "";
            return $"{code} {message ?? e.Response.ReasonPhrase}{remedy}";
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return $"{code} {e.Response.ReasonPhrase}";
        }
    }
}
