using System.Runtime.InteropServices;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>What stands for an image here: the built silo for <c>crescent</c>, the machine's Redis for <c>redis</c>. There are no images in this cluster.</summary>
internal static class PodPrograms
{
    private static readonly string Dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    // The silo is built with the tests, in the same configuration.
    private static readonly string Silo = TestFiles.Project("silo", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Crescent.Silo.dll");

    private static readonly string RedisFolder = TestFiles.Project(".ci", "cache", "redis", "usr");

    /// <summary>Folders of the machine that programs need, beyond those of its system.</summary>
    public static IReadOnlyList<string> Folders { get; } = [TestFiles.Root, Path.GetDirectoryName(Dotnet)!];

    /// <summary>Skips the running test where a program is missing.</summary>
    public static void Require()
    {
        Assert.SkipUnless(Tool.Find("bwrap") is not null, "There is no bubblewrap on the PATH");
        Assert.SkipUnless(Redis("redis-server") is not null && Redis("redis-cli") is not null, "There is no redis-server here; .ci/servers fetches one from Debian");
    }

    /// <summary>What the container's start comes to.</summary>
    public static IReadOnlyList<string> Command(V1Container container) => container.Image.Split(':')[0] switch
    {
        "crescent" => [Dotnet, Silo, .. container.Args ?? []],
        "redis" => [Redis(container.Command[0])!, .. container.Command.Skip(1), .. container.Args ?? []],
        _ => throw new NotSupportedException($"Nothing stands for the image {container.Image} here."),
    };

    /// <summary>What a command in a container comes to.</summary>
    public static IReadOnlyList<string> Exec(IList<string> command) => [Redis(command[0]) ?? command[0], .. command.Skip(1)];

    /// <summary>Variables that such a program needs here and not in its image.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Variables(V1Container container) =>
        container.Image.StartsWith("redis:", StringComparison.Ordinal) && Directory.Exists(RedisFolder) ? [new("LD_LIBRARY_PATH", Path.Combine(RedisFolder, "lib", "x86_64-linux-gnu"))] : [];

    private static string? Redis(string program) =>
        Tool.Find(program) ?? (File.Exists(Path.Combine(RedisFolder, "bin", program)) ? Path.Combine(RedisFolder, "bin", program) : null);
}
