using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Text;

/// <summary>Tokenizers of real files.</summary>
internal static class Tokenizers
{
    private static readonly Lazy<Tokenizer> LazyTiny = new(() => Read(TestFiles.TinyModel));

    /// <summary>The embedded model's tokenizer.</summary>
    public static Tokenizer Tiny => LazyTiny.Value;

    public static Tokenizer Read(string path)
    {
        using var file = GgufFile.Open(path);
        return TokenizerReader.Read(file);
    }

    /// <summary>The embedded model's metadata, to be spoilt.</summary>
    public static TokenizerMetadata Metadata(string path)
    {
        using var file = GgufFile.Open(path);
        return TokenizerMetadata.Read(file);
    }
}
