using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>The variables of a container: those of its maps and secrets, its own, and what the downward API says of its pod.</summary>
internal static partial class PodEnvironment
{
    /// <summary>Reads them as they are now.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> Of(V1Pod pod, V1Container container, IKubernetes api, CancellationToken stop)
    {
        var space = pod.Metadata.NamespaceProperty;
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var from in container.EnvFrom ?? [])
        {
            foreach (var (name, value) in (await api.CoreV1.ReadNamespacedConfigMapAsync(from.ConfigMapRef.Name, space, cancellationToken: stop)).Data)
            {
                all[name] = value;
            }
        }

        foreach (var variable in container.Env ?? [])
        {
            all[variable.Name] = variable.ValueFrom switch
            {
                null => Used().Replace(variable.Value ?? "", match => all.GetValueOrDefault(match.Groups["name"].Value, match.Value)),
                { FieldRef: { } field } => Field(pod, field.FieldPath),
                { ResourceFieldRef: { Resource: "requests.cpu" } } => Math.Ceiling(container.Resources.Requests["cpu"].ToDecimal()).ToString(CultureInfo.InvariantCulture),
                { SecretKeyRef: { } key } => Encoding.UTF8.GetString((await api.CoreV1.ReadNamespacedSecretAsync(key.Name, space, cancellationToken: stop)).Data[key.Key]),
                { ConfigMapKeyRef: { } key } => (await api.CoreV1.ReadNamespacedConfigMapAsync(key.Name, space, cancellationToken: stop)).Data[key.Key],
                _ => throw new NotSupportedException($"Where {variable.Name} comes from is not known here."),
            };
        }

        return all;
    }

    private static string Field(V1Pod pod, string path) => path switch
    {
        "metadata.name" => pod.Metadata.Name,
        "metadata.namespace" => pod.Metadata.NamespaceProperty,
        "metadata.uid" => pod.Metadata.Uid,
        "status.podIP" => pod.Status.PodIP,
        "spec.nodeName" => pod.Spec.NodeName,
        _ when Label().Match(path) is { Success: true } label => pod.Metadata.Labels[label.Groups["name"].Value],
        _ => throw new NotSupportedException($"What {path} gives is not known here."),
    };

    [GeneratedRegex(@"\$\((?<name>[^)]+)\)")]
    private static partial Regex Used();

    [GeneratedRegex(@"^metadata\.labels\['(?<name>[^']+)'\]$")]
    private static partial Regex Label();
}
