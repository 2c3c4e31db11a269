using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>Whether a pod may be evicted, by the budgets of disruption that it has.</summary>
internal sealed class ApiEvictions(ApiStore store)
{
    /// <summary>Refuses what a budget forbids.</summary>
    /// <param name="it">The pod.</param>
    /// <exception cref="ApiFault">It would leave too few (429), or two budgets are the pod's (500).</exception>
    public void Check(JsonObject it)
    {
        var pod = Read<V1Pod>(it);
        var budgets = All<V1PodDisruptionBudget>("policy", "poddisruptionbudgets", pod).Where(b => Manifests.Selects(b.Spec.Selector, Labels(pod))).ToList();
        if (budgets.Count > 1)
        {
            throw new ApiFault(500, "InternalError", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        if (budgets is [var budget] && pod.Metadata.DeletionTimestamp is null)
        {
            var (healthy, wanted) = Stand(budget, pod);
            var freely = budget.Spec.UnhealthyPodEvictionPolicy == "AlwaysAllow" || healthy >= wanted;
            if (IsHealthy(pod) ? healthy <= wanted : !freely)
            {
                throw ApiFault.WouldDisrupt();
            }
        }
    }

    /// <summary>Ready, and not on its way out.</summary>
    private static bool IsHealthy(V1Pod pod) => pod.Metadata.DeletionTimestamp is null && pod.Status?.Conditions?.Any(static c => c is { Type: "Ready", Status: "True" }) == true;

    /// <summary>How many pods of a budget are healthy, and how many must be.</summary>
    private (int Healthy, int Wanted) Stand(V1PodDisruptionBudget budget, V1Pod one)
    {
        var pods = All<V1Pod>("", "pods", one).Where(p => Manifests.Selects(budget.Spec.Selector, Labels(p))).ToList();

        // As many as those say that make them, whether they are there or not.
        var expected = All<V1Deployment>("apps", "deployments", one).Where(d => Manifests.Selects(budget.Spec.Selector, Labels(d.Spec.Template.Metadata))).Sum(static d => d.Spec.Replicas ?? 1)
            + All<V1StatefulSet>("apps", "statefulsets", one).Where(s => Manifests.Selects(budget.Spec.Selector, Labels(s.Spec.Template.Metadata))).Sum(static s => s.Spec.Replicas ?? 1);
        var wanted = budget.Spec.MinAvailable is { } least ? Count(least, expected) : expected - Count(budget.Spec.MaxUnavailable, expected);
        return (pods.Count(IsHealthy), wanted);
    }

    private static int Count(string said, int of) => said.EndsWith('%')
        ? (int)Math.Ceiling(int.Parse(said[..^1], CultureInfo.InvariantCulture) * of / 100.0)
        : int.Parse(said, CultureInfo.InvariantCulture);

    private IEnumerable<T> All<T>(string group, string plural, V1Pod beside) =>
        store.List(ApiKind.At(group, "v1", plural)!, beside.Metadata.NamespaceProperty, new ApiSelector(null, null)).Items.Select(Read<T>);

    private static T Read<T>(JsonObject it) => KubernetesJson.Deserialize<T>(it.ToJsonString());

    private static Dictionary<string, string> Labels(V1Pod pod) => Labels(pod.Metadata);

    private static Dictionary<string, string> Labels(V1ObjectMeta metadata) => new(metadata.Labels ?? new Dictionary<string, string>());
}
