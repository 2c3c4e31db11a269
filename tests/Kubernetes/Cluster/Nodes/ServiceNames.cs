using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>The names of services and their pods, in a file that all pods have as <c>/etc/hosts</c>. It stands for the cluster's DNS.</summary>
internal sealed class ServiceNames(string file)
{
    private string _written = "-";

    /// <summary>The file.</summary>
    public string File => file;

    /// <summary>Writes it anew where it has changed.</summary>
    public void Write(IEnumerable<V1Service> services, IReadOnlyList<V1Pod> pods)
    {
        var lines = services.Where(static s => s.Spec.Selector is { Count: > 0 }).SelectMany(service => pods
            .Where(pod => pod.Status?.PodIP is not null && pod.Metadata.NamespaceProperty == service.Metadata.NamespaceProperty
                && service.Spec.Selector.All(wanted => pod.Metadata.Labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value)
                && (service.Spec.PublishNotReadyAddresses == true || IsServing(pod)))
            .Select(pod => $"{pod.Status.PodIP} {string.Join(' ', Names(service.Metadata.Name, service.Metadata.NamespaceProperty))} {pod.Metadata.Name}.{service.Metadata.Name}"));
        var text = string.Join('\n', lines.Order(StringComparer.Ordinal).Prepend("127.0.0.1 localhost")) + "\n";
        if (text != _written)
        {
            // In its place: the file is mounted, and another of its name would not be.
            global::System.IO.File.WriteAllText(file, _written = text);
        }
    }

    /// <summary>Whether a service sends connections to a pod.</summary>
    public static bool IsServing(V1Pod pod) => pod.Metadata.DeletionTimestamp is null && pod.Status?.Conditions?.Any(static c => c is { Type: "Ready", Status: "True" }) == true;

    private static string[] Names(string service, string space) => [service, $"{service}.{space}", $"{service}.{space}.svc", $"{service}.{space}.svc.cluster.local"];
}
