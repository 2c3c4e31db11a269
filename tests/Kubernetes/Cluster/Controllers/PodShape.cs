using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Controllers;

/// <summary>Pods as controllers make them, and what they read from them.</summary>
internal static class PodShape
{
    private const string Index = "apps.kubernetes.io/pod-index";

    /// <summary>The revision of a template: a hash of what is in it.</summary>
    public static string Revision(V1PodTemplateSpec template) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KubernetesJson.Serialize(template))))[..10];

    /// <summary>A pod of <paramref name="owner"/>, for the node that runs the fewest of its kind.</summary>
    /// <param name="owner">What makes it.</param>
    /// <param name="template">What it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="label">The label that has the revision.</param>
    /// <param name="node">Where it goes.</param>
    public static V1Pod New(IKubernetesObject<V1ObjectMeta> owner, V1PodTemplateSpec template, string name, string label, string node)
    {
        var labels = new Dictionary<string, string>(template.Metadata.Labels) { [label] = Revision(template) };
        var spec = KubernetesJson.Deserialize<V1PodSpec>(KubernetesJson.Serialize(template.Spec));
        spec.NodeName = node;
        if (owner is V1StatefulSet set)
        {
            labels[Index] = name[(name.LastIndexOf('-') + 1)..];
            spec.Volumes = [.. spec.Volumes ?? [], .. (set.Spec.VolumeClaimTemplates ?? []).Select(claim => new V1Volume
            {
                Name = claim.Metadata.Name,
                PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = $"{claim.Metadata.Name}-{name}" },
            })];
        }

        return new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = owner.Metadata.NamespaceProperty,
                Labels = labels,
                Annotations = template.Metadata.Annotations,
                OwnerReferences = [new V1OwnerReference { ApiVersion = owner.ApiVersion, Kind = owner.Kind, Name = owner.Metadata.Name, Uid = owner.Metadata.Uid, Controller = true }],
            },
            Spec = spec,
        };
    }

    /// <summary>Whether <paramref name="owner"/> has made it.</summary>
    public static bool IsOf(this V1Pod pod, IKubernetesObject<V1ObjectMeta> owner) => pod.Metadata.OwnerReferences?.Any(o => o.Uid == owner.Metadata.Uid) == true;

    /// <summary>Whether it is on its way out.</summary>
    public static bool IsGoing(this V1Pod pod) => pod.Metadata.DeletionTimestamp is not null;

    /// <summary>Whether it is ready, and does not go.</summary>
    public static bool IsReady(this V1Pod pod) => !pod.IsGoing() && pod.Status?.Conditions?.Any(static c => c is { Type: "Ready", Status: "True" }) == true;

    /// <summary>Whether it has been ready for as long as it must be.</summary>
    public static bool IsAvailable(this V1Pod pod, int minReadySeconds) =>
        pod.IsReady() && pod.Status.Conditions.Single(static c => c.Type == "Ready").LastTransitionTime <= DateTime.UtcNow.AddSeconds(-minReadySeconds);

    /// <summary>Its number in a StatefulSet.</summary>
    public static int Ordinal(this V1Pod pod) => int.Parse(pod.Metadata.Labels[Index], System.Globalization.CultureInfo.InvariantCulture);
}
