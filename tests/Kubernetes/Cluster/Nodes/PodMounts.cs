using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>What a container sees of the machine: its system and the programs to read, its pod's volumes, names of services, and nothing else.</summary>
/// <param name="folder">Where volumes lie; claims outlive their pods.</param>
/// <param name="names">The file of names, as <c>/etc/hosts</c>.</param>
/// <param name="token">A token for a service account, by its namespace and name.</param>
internal sealed class PodMounts(string folder, string names, Func<string, string, string> token)
{
    private static readonly string[] System = ["/usr", "/lib", "/lib64", "/bin", "/sbin"];
    private static readonly string[] Settings = ["passwd", "group", "nsswitch.conf", "ld.so.cache", "localtime", "ssl"];

    private readonly string _noResolver = Empty(folder);

    /// <summary>Bubblewrap's arguments for a container.</summary>
    public async Task<IReadOnlyList<string>> Of(V1Pod pod, V1Container container, IKubernetes api, CancellationToken stop)
    {
        List<string> all = ["--proc", "/proc", "--dev", "/dev"];
        foreach (var path in System.Where(Directory.Exists))
        {
            all.AddRange(new DirectoryInfo(path).LinkTarget is { } target ? ["--symlink", target, path] : ["--ro-bind", path, path]);
        }

        foreach (var name in Settings)
        {
            all.AddRange(["--ro-bind-try", $"/etc/{name}", $"/etc/{name}"]);
        }

        all.AddRange(["--ro-bind", names, "/etc/hosts", "--ro-bind", _noResolver, "/etc/resolv.conf"]);
        foreach (var mount in container.VolumeMounts ?? [])
        {
            all.AddRange([mount.ReadOnlyProperty == true ? "--ro-bind" : "--bind", await Volume(pod, mount.Name, api, stop), mount.MountPath]);
        }

        if (pod.Spec.AutomountServiceAccountToken == true)
        {
            var account = Directory.CreateDirectory(Path.Combine(Own(pod), "account")).FullName;
            await File.WriteAllTextAsync(Path.Combine(account, "token"), token(pod.Metadata.NamespaceProperty, pod.Spec.ServiceAccountName), stop);
            await File.WriteAllTextAsync(Path.Combine(account, "namespace"), pod.Metadata.NamespaceProperty, stop);
            all.AddRange(["--ro-bind", account, "/var/run/secrets/kubernetes.io/serviceaccount"]);
        }

        foreach (var path in PodPrograms.Folders.Where(static path => !path.StartsWith("/usr/", StringComparison.Ordinal)))
        {
            all.AddRange(["--ro-bind", path, path]);
        }

        return [.. all, "--remount-ro", "/"];
    }

    /// <summary>A folder of the pod's own, which goes with it.</summary>
    public string Own(V1Pod pod) => Directory.CreateDirectory(Path.Combine(folder, "pods", pod.Metadata.Uid)).FullName;

    private async Task<string> Volume(V1Pod pod, string name, IKubernetes api, CancellationToken stop)
    {
        var volume = pod.Spec.Volumes.Single(v => v.Name == name);
        if (volume.PersistentVolumeClaim is { } claim)
        {
            return Directory.CreateDirectory(Path.Combine(folder, "claims", claim.ClaimName)).FullName;
        }

        var own = Directory.CreateDirectory(Path.Combine(Own(pod), "volumes", name)).FullName;
        switch (volume)
        {
            case { EmptyDir: not null }:
                break;
            case { Secret: { } secret }:
                foreach (var (file, content) in (await api.CoreV1.ReadNamespacedSecretAsync(secret.SecretName, pod.Metadata.NamespaceProperty, cancellationToken: stop)).Data)
                {
                    await File.WriteAllBytesAsync(Path.Combine(own, file), content, stop);
                }

                break;
            case { ConfigMap: { } map }:
                foreach (var (file, content) in (await api.CoreV1.ReadNamespacedConfigMapAsync(map.Name, pod.Metadata.NamespaceProperty, cancellationToken: stop)).Data)
                {
                    await File.WriteAllTextAsync(Path.Combine(own, file), content, stop);
                }

                break;
            default:
                throw new NotSupportedException($"The volume {name} is of a kind that is not known here.");
        }

        return own;
    }

    private static string Empty(string folder)
    {
        var file = Path.Combine(folder, "resolv.conf");
        File.WriteAllText(file, "");
        return file;
    }
}
