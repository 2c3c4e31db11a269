using System.Text;
using Crescent.Engine.Model;

namespace Crescent.Tests;

/// <summary>The embedded model with another chat template, in a file of one test.</summary>
internal sealed class TemporaryModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private TemporaryModel(byte[] file) => Path = _folder.Write("model.gguf", file);

    public string Path { get; }

    public static TemporaryModel Of(string template)
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        var old = Encoding.UTF8.GetBytes(model.ToolTemplate!);

        // As long as the old one, the rest a comment.
        var text = Encoding.UTF8.GetBytes(template);
        byte[] padded = [.. text, .. "{#"u8, .. Enumerable.Repeat((byte)' ', old.Length - text.Length - 4), .. "#}"u8];
        var file = File.ReadAllBytes(TestFiles.TinyModel);
        padded.CopyTo(file.AsSpan(file.AsSpan().IndexOf(old)));
        return new TemporaryModel(file);
    }

    public void Dispose() => _folder.Dispose();
}
