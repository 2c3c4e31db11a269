namespace Crescent.Tests;

/// <summary>
/// Files that tests read. Those of the project are always there; the shared models lie beside the checkout and may be absent,
/// in which case the test is skipped by name with the reason.
/// </summary>
internal static class TestFiles
{
    /// <summary>The folder of <c>Cluster.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The embedded model.</summary>
    public static string TinyModel => Path.Combine(Root, "models", "crescent-tiny.Q8_0.gguf");

    /// <summary>A file of the project by its path from the root; it must exist.</summary>
    public static string Project(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A file of the shared models by its path from <c>shared/models</c>; skips the running test when it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        var path = Path.GetFullPath(Path.Combine([Root, "..", "shared", "models", .. parts]));
        Assert.SkipUnless(File.Exists(path), $"shared/models/{string.Join('/', parts)} is not beside the checkout");
        return path;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Cluster.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Cluster.sln.");
    }
}
