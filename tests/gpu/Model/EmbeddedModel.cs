using System.Text.Json;

namespace Crescent.GpuCheck.Model;

/// <summary>The small model that the program carries, in a file of its own, and prompts for it.</summary>
internal sealed class EmbeddedModel : IDisposable
{
    public EmbeddedModel()
    {
        using var source = Open("tiny.gguf");
        using var target = File.Create(Path);
        source.CopyTo(target);
        using var goldens = JsonDocument.Parse(Open("tiny.goldens.json"));
        Prompts = [.. goldens.RootElement.GetProperty("prompts").EnumerateArray().Select(static prompt => (
            prompt.GetProperty("name").GetString()!, prompt.GetProperty("ids").EnumerateArray().Select(static id => id.GetInt32()).ToArray()))];
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"crescent-gpu-check-{Environment.ProcessId}.gguf");

    /// <summary>Names and tokens.</summary>
    public IReadOnlyList<(string Name, int[] Tokens)> Prompts { get; }

    public void Dispose() => File.Delete(Path);

    private static Stream Open(string name) =>
        typeof(EmbeddedModel).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException($"The program carries no {name}.");
}
