using System.Globalization;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Controllers;

/// <summary>Makes pods of StatefulSets: as many as wanted, in order or all at once, and those of an older revision anew, the last one first.</summary>
internal sealed class StatefulSets(IKubernetes api)
{
    private const string Label = "controller-revision-hash";

    /// <summary>Does the next steps for one.</summary>
    public async Task Reconcile(V1StatefulSet set, IReadOnlyList<V1Pod> all, Nodes nodes, CancellationToken stop)
    {
        var (space, least) = (set.Metadata.NamespaceProperty, set.Spec.MinReadySeconds ?? 0);
        var pods = all.Where(pod => pod.IsOf(set)).OrderBy(static pod => pod.Ordinal()).ToList();
        var (wanted, revision, inOrder) = (set.Spec.Replicas ?? 1, PodShape.Revision(set.Spec.Template), set.Spec.PodManagementPolicy != "Parallel");
        await Tell(set, pods, revision, stop);
        for (var ordinal = 0; ordinal < wanted; ordinal++)
        {
            var pod = pods.Find(p => p.Ordinal() == ordinal);
            if (pod is null && nodes.For(set.Spec.Template) is { } node)
            {
                var name = $"{set.Metadata.Name}-{ordinal.ToString(CultureInfo.InvariantCulture)}";
                await api.CoreV1.CreateNamespacedPodAsync(PodShape.New(set, set.Spec.Template, name, Label, node), space, cancellationToken: stop);
            }

            if (inOrder && pod?.IsReady() != true)
            {
                return;
            }
        }

        var surplus = pods.Where(pod => pod.Ordinal() >= wanted).Reverse().ToList();
        foreach (var pod in (inOrder ? surplus.Take(1) : surplus).Where(static pod => !pod.IsGoing()))
        {
            await api.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, space, cancellationToken: stop);
        }

        if (set.Spec.UpdateStrategy?.Type != "OnDelete" && surplus.Count == 0)
        {
            await Roll(set, pods, revision, wanted, least, stop);
        }
    }

    private async Task Roll(V1StatefulSet set, List<V1Pod> pods, string revision, int wanted, int least, CancellationToken stop)
    {
        var rolling = set.Spec.UpdateStrategy?.RollingUpdate;
        var most = Math.Max(1, PodCounts.Of(rolling?.MaxUnavailable, wanted, 1, roundsUp: false));
        var away = wanted - pods.Count(pod => pod.IsAvailable(least));
        foreach (var pod in pods.Where(pod => pod.Ordinal() >= (rolling?.Partition ?? 0)).Reverse())
        {
            var isOld = pod.Metadata.Labels[Label] != revision;
            if (isOld && !pod.IsGoing() && (away < most || !pod.IsAvailable(least)))
            {
                away += pod.IsAvailable(least) ? 1 : 0;
                await api.CoreV1.DeleteNamespacedPodAsync(pod.Metadata.Name, set.Metadata.NamespaceProperty, cancellationToken: stop);
            }

            if (away >= most)
            {
                return;
            }
        }
    }

    private async Task Tell(V1StatefulSet set, List<V1Pod> pods, string revision, CancellationToken stop)
    {
        var least = set.Spec.MinReadySeconds ?? 0;
        var patch = new V1Patch(
            $$"""
            {"status":{"observedGeneration":{{set.Metadata.Generation ?? 0}},"replicas":{{pods.Count}},"readyReplicas":{{pods.Count(static pod => pod.IsReady())}},
            "availableReplicas":{{pods.Count(pod => pod.IsAvailable(least))}},"updatedReplicas":{{pods.Count(pod => !pod.IsGoing() && pod.Metadata.Labels[Label] == revision)}},"updateRevision":"{{revision}}"} }
            """,
            V1Patch.PatchType.MergePatch);
        await api.AppsV1.PatchNamespacedStatefulSetStatusAsync(patch, set.Metadata.Name, set.Metadata.NamespaceProperty, cancellationToken: stop);
    }
}
