using System.Reflection;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>A kind that the API server keeps.</summary>
/// <param name="Group">Its group; empty for the core.</param>
/// <param name="Version">Its version.</param>
/// <param name="Plural">Its name in paths and roles.</param>
/// <param name="Kind">Its name in objects.</param>
/// <param name="IsNamespaced">Whether its objects lie in namespaces.</param>
/// <param name="HasStatus">Whether <c>/status</c> is written by itself, and not with the rest.</param>
/// <param name="HasScale">Whether it has <c>/scale</c>.</param>
internal sealed record ApiKind(string Group, string Version, string Plural, string Kind, bool IsNamespaced, bool HasStatus, bool HasScale)
{
    private static readonly Dictionary<(string Group, string Version, string Plural), ApiKind> Known = new[]
    {
        // What an overlay may have.
        Of<V1Namespace>(false), Of<V1ServiceAccount>(), Of<V1ConfigMap>(), Of<V1Secret>(), Of<V1Service>(), Of<V1PersistentVolumeClaim>(),
        Of<V1Deployment>(status: true, scale: true), Of<V1StatefulSet>(status: true, scale: true), Of<V1PodDisruptionBudget>(status: true),
        Of<V1NetworkPolicy>(), Of<V1PriorityClass>(false), Of<V2HorizontalPodAutoscaler>(status: true), Of<V1ResourceClaimTemplate>(),
        Of<V1Role>(), Of<V1RoleBinding>(), Of<V1ClusterRole>(false), Of<V1ClusterRoleBinding>(false),

        // What a cluster makes of it.
        Of<V1Node>(false, status: true), Of<V1Pod>(status: true), Of<V1Lease>(), Of<Corev1Event>(),
    }.ToDictionary(static kind => (kind.Group, kind.Version, kind.Plural));

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<ApiKind> All => Known.Values;

    /// <summary>As objects say it.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As messages name it.</summary>
    public string Resource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>The kind at a path; null where there is none.</summary>
    public static ApiKind? At(string group, string version, string plural) => Known.GetValueOrDefault((group, version, plural));

    /// <summary>The kind of an object of Kubernetes' client.</summary>
    public static ApiKind Of(IKubernetesObject it) => Known.Values.Single(kind => kind.ApiVersion == it.ApiVersion && kind.Kind == it.Kind);

    private static ApiKind Of<T>(bool isNamespaced = true, bool status = false, bool scale = false)
    {
        var entity = typeof(T).GetCustomAttribute<KubernetesEntityAttribute>()!;
        return new ApiKind(entity.Group, entity.ApiVersion, entity.PluralName, entity.Kind, isNamespaced, status, scale);
    }
}
