using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Controllers;

/// <summary>Where new pods go: to the node that takes any and has the fewest of the same component, as the overlays' spread constraints ask for.</summary>
internal sealed class Nodes(IEnumerable<V1Node> nodes, IReadOnlyList<V1Pod> pods)
{
    private readonly List<string> _taken = [];

    /// <summary>The node for a pod of <paramref name="template"/>; null where none takes any.</summary>
    public string? For(V1PodTemplateSpec template)
    {
        var component = Component(template.Metadata);
        var node = nodes.Where(static n => n.Spec?.Unschedulable != true).Select(static n => n.Metadata.Name)
            .OrderBy(name => pods.Count(p => p.Spec.NodeName == name && !p.IsGoing() && Component(p.Metadata) == component) + _taken.Count(t => t == $"{name}/{component}"))
            .ThenBy(static name => name, StringComparer.Ordinal).FirstOrDefault();
        if (node is not null)
        {
            _taken.Add($"{node}/{component}");
        }

        return node;
    }

    private static string Component(V1ObjectMeta metadata) => metadata.Labels.TryGetValue("app.kubernetes.io/component", out var name) ? name : "";
}
