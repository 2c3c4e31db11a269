namespace Crescent.Tests.Kubernetes;

/// <summary>The schemas that <c>k8s/check</c> has: types, what is required, formats, words of enumerations.</summary>
internal static class Schemas
{
    private static readonly string Folder = Path.Combine(Overlays.Folder, "check");

    /// <summary>Whether <paramref name="yaml"/> keeps to them, and what was told; skips the running test where node or the packages are missing.</summary>
    public static async Task<(bool IsWell, string Told)> Check(string yaml)
    {
        var node = Tool.Find("node");
        Assert.SkipUnless(node is not null, "There is no node on the PATH");
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules", "kubernetes-models")), "The packages of k8s/check are not installed (npm ci in k8s/check)");
        var (code, output, error) = await Tool.Run(node, [Path.Combine(Folder, "check.mjs")], yaml);
        return (code == 0, output + error);
    }
}
