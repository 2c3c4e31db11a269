using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Crescent.Client.Connections;
using Crescent.Client.Programs;

namespace Crescent.Tests.Client.Programs;

public sealed class LabProgramTests : IDisposable
{
    private static readonly string Suffix = OperatingSystem.IsWindows() ? ".exe" : "";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_lab_is_found_beside_the_console_where_the_repository_builds_it_and_as_a_tool()
    {
        var console = Folder("client", "bin", "Release", "net10.0");
        var tool = Write(Path.Combine("tools", "crescent-lab" + Suffix));
        Assert.Equal(tool, LabProgram.Find(console, string.Join(Path.PathSeparator, _folder.At("nowhere"), _folder.At("tools"))));
        Write(Path.Combine("lab", "lab.csproj"));
        var built = Write(Path.Combine("lab", "bin", "Release", "net10.0", "Crescent.Lab" + Suffix));
        Assert.Equal(built, LabProgram.Find(console + Path.DirectorySeparatorChar, _folder.At("tools")));
        var beside = Write(Path.Combine("client", "bin", "Release", "net10.0", "Crescent.Lab" + Suffix));
        Assert.Equal(beside, LabProgram.Find(console, null));
    }

    [Fact]
    public void Where_it_is_not_there_the_remedy_is_that_of_the_place()
    {
        var console = Folder("client", "bin", "Release", "net10.0");
        var installed = Assert.Throws<FactoryException>(() => LabProgram.Find(console, ""));
        Assert.Contains("dotnet tool install --global Crescent.Lab", installed.Remedy, StringComparison.Ordinal);
        Write(Path.Combine("lab", "lab.csproj"));
        var repository = Assert.Throws<FactoryException>(() => LabProgram.Find(console, ""));
        Assert.Equal("Build it: dotnet build -c Release lab.", repository.Remedy);
    }

    [Fact]
    public async Task The_console_passes_on_arguments_output_and_exit_code()
    {
        var file = _folder.At("points of a frontier.json");
        var (code, output, _) = await Console("lab", "frontier", "--systems", "h100-sxm/llama-3-70b-fp8", "--isl", "1024", "--osl", "128", "--json", file);
        Assert.Equal(0, code);
        Assert.Contains("h100-sxm", output, StringComparison.Ordinal);
        Assert.Equal(1024, (int)JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!["isl"]!);
        (code, _, var error) = await Console("lab", "--seeds", "0");
        Assert.Equal(1, code);
        Assert.Contains("--seeds takes a whole number from 1 to 1000", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_that_is_told_to_end_takes_the_lab_with_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Children are read from /proc.");
        using var console = Process.Start(Said("lab", "--trace", "agents", "--devices", "sim:h100-sxm*92:tp8", "--jobs", "1"))!;
        string children;
        while ((children = await File.ReadAllTextAsync($"/proc/{console.Id}/task/{console.Id}/children", TestContext.Current.CancellationToken)).Length == 0)
        {
            Assert.False(console.HasExited);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        using var kill = Process.Start("kill", ["-TERM", $"{console.Id}"]);
        await console.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, console.ExitCode);
        Assert.False(Directory.Exists($"/proc/{children.Trim()}"), "The lab goes on.");
    }

    [Fact]
    public void The_console_is_built_without_engine_and_lab()
    {
        var open = new Stack<string>([TestFiles.Project("client", "client.csproj")]);
        var built = new HashSet<string>();
        while (open.TryPop(out var project))
        {
            if (built.Add(Path.GetFileName(project)))
            {
                foreach (var reference in XDocument.Load(project).Descendants("ProjectReference"))
                {
                    open.Push(Path.GetFullPath(reference.Attribute("Include")!.Value, Path.GetDirectoryName(project)!));
                }
            }
        }

        Assert.Contains("contracts.csproj", built);
        Assert.DoesNotContain("engine.csproj", built);
        Assert.DoesNotContain("control.csproj", built);
        Assert.DoesNotContain("lab.csproj", built);
    }

    private static ProcessStartInfo Said(params string[] args) =>
        new(Path.Combine(AppContext.BaseDirectory, "Crescent.Client" + Suffix), args) { RedirectStandardOutput = true, RedirectStandardError = true };

    private static async Task<(int Code, string Output, string Error)> Console(params string[] args)
    {
        using var process = Process.Start(Said(args))!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    private string Folder(params string[] parts) => Directory.CreateDirectory(_folder.At(Path.Combine(parts))).FullName;

    private string Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.At(path))!);
        File.WriteAllText(_folder.At(path), "");
        return _folder.At(path);
    }
}
