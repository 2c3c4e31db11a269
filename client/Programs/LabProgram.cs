using Crescent.Client.Connections;

namespace Crescent.Client.Programs;

/// <summary>Where the lab's program lies: beside the console, where the repository builds it, or as a dotnet tool.</summary>
internal static class LabProgram
{
    private const string Tool = "crescent-lab";
    private static readonly string Suffix = OperatingSystem.IsWindows() ? ".exe" : "";

    /// <summary>The path of the program.</summary>
    /// <param name="folder">The console's folder.</param>
    /// <param name="path">Folders of programs, as <c>PATH</c> has them.</param>
    /// <exception cref="FactoryException">It is in none of these places.</exception>
    public static string Find(string folder, string? path)
    {
        var beside = Path.Combine(folder, "Crescent.Lab" + Suffix);
        var built = Built(folder);
        var tools = (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(static tools => Path.Combine(tools, Tool + Suffix));
        return ((string?[])[beside, built, .. tools]).FirstOrDefault(File.Exists)
            ?? throw new FactoryException(
                "The lab is a program of its own, and it is not there",
                built is null
                    ? $"Put Crescent.Lab into {folder}, as the release's archive of the console has it, or have it as a tool: dotnet tool install --global Crescent.Lab."
                    : "Build it: dotnet build -c Release lab.");
    }

    // In the repository: client/bin/Release/net10.0 and lab/bin/Release/net10.0.
    private static string? Built(string folder)
    {
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(folder));
        var project = framework.Parent?.Parent?.Parent;
        return project?.Parent is { } root && File.Exists(Path.Combine(root.FullName, "lab", "lab.csproj"))
            ? Path.Combine(root.FullName, "lab", "bin", framework.Parent!.Name, framework.Name, "Crescent.Lab" + Suffix)
            : null;
    }
}
