using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Controllers;

/// <summary>Makes pods of Deployments: new ones beyond the number wanted by <c>maxSurge</c> at most, and old ones gone while <c>maxUnavailable</c> at most are missing. There are no ReplicaSets between.</summary>
internal sealed class Deployments(IKubernetes api)
{
    private const string Label = "pod-template-hash";

    /// <summary>Does the next steps for one.</summary>
    public async Task Reconcile(V1Deployment deployment, IReadOnlyList<V1Pod> all, Nodes nodes, CancellationToken stop)
    {
        var (space, least, template) = (deployment.Metadata.NamespaceProperty, deployment.Spec.MinReadySeconds ?? 0, deployment.Spec.Template);
        var (wanted, revision, rolling) = (deployment.Spec.Replicas ?? 1, PodShape.Revision(template), deployment.Spec.Strategy?.RollingUpdate);
        var surge = PodCounts.Of(rolling?.MaxSurge, wanted, (int)Math.Ceiling(wanted / 4.0), roundsUp: true);
        var missing = PodCounts.Of(rolling?.MaxUnavailable, wanted, wanted / 4, roundsUp: false);
        var pods = all.Where(pod => pod.IsOf(deployment)).ToList();
        await Tell(deployment, pods, revision, least, stop);
        var staying = pods.Where(static pod => !pod.IsGoing()).ToList();
        var fresh = staying.Where(pod => pod.Metadata.Labels[Label] == revision).ToList();
        var old = staying.Except(fresh).OrderBy(pod => pod.IsAvailable(least)).ToList();
        for (var (made, total) = (fresh.Count, staying.Count); made < wanted && total < wanted + surge && nodes.For(template) is { } node; made++, total++)
        {
            var name = $"{deployment.Metadata.Name}-{revision}-{Guid.NewGuid().ToString("N")[..5]}";
            await api.CoreV1.CreateNamespacedPodAsync(PodShape.New(deployment, template, name, Label, node), space, cancellationToken: stop);
        }

        var spare = staying.Count(pod => pod.IsAvailable(least)) - (wanted - missing);
        foreach (var pod in old.Concat(fresh.OrderBy(pod => pod.IsAvailable(least)).Take(fresh.Count - wanted)))
        {
            // What serves nobody may go at any time.
            if (!pod.IsAvailable(least) || spare-- > 0)
            {
                await api.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, space, cancellationToken: stop);
            }
        }
    }

    private async Task Tell(V1Deployment deployment, List<V1Pod> pods, string revision, int least, CancellationToken stop)
    {
        var patch = new V1Patch(
            $$"""
            {"status":{"observedGeneration":{{deployment.Metadata.Generation ?? 0}},"replicas":{{pods.Count}},"readyReplicas":{{pods.Count(static pod => pod.IsReady())}},
            "availableReplicas":{{pods.Count(pod => pod.IsAvailable(least))}},"updatedReplicas":{{pods.Count(pod => !pod.IsGoing() && pod.Metadata.Labels[Label] == revision)}} } }
            """,
            V1Patch.PatchType.MergePatch);
        await api.AppsV1.PatchNamespacedDeploymentStatusAsync(patch, deployment.Metadata.Name, deployment.Metadata.NamespaceProperty, cancellationToken: stop);
    }
}
