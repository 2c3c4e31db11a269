using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes;

/// <summary>Pods of one kind.</summary>
/// <param name="Owner">What makes them.</param>
/// <param name="Template">What each is.</param>
/// <param name="Selector">How the owner knows its own.</param>
/// <param name="Replicas">How many; null where an autoscaler says it.</param>
internal sealed record PodPlan(IKubernetesObject<V1ObjectMeta> Owner, V1PodTemplateSpec Template, V1LabelSelector Selector, int? Replicas)
{
    /// <summary>Kind and name of what makes them.</summary>
    public string Name => $"{Owner.Kind} {Owner.Metadata.Name}";

    public V1PodSpec Spec => Template.Spec;

    public IReadOnlyDictionary<string, string> Labels { get; } = new Dictionary<string, string>(Template.Metadata.Labels);

    /// <summary>Whether Crescent's own program runs in them.</summary>
    public bool IsSilo => Labels.GetValueOrDefault("app.kubernetes.io/name") == "crescent";

    public IReadOnlyList<V1Container> Containers => [.. Spec.InitContainers ?? [], .. Spec.Containers];

    /// <summary>The container of a silo.</summary>
    public V1Container Silo => Spec.Containers.Single(static container => container.Name == "silo");
}
