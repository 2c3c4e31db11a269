using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Text;

/// <summary>Builds the tokenizer that a file's <c>tokenizer.ggml.*</c> keys describe.</summary>
public static class TokenizerReader
{
    /// <summary>The tokenizer of a file.</summary>
    /// <exception cref="InvalidModelException">
    /// Keys are missing or contradict each other, or the file's kind of vocabulary or pre-tokeniser is unknown; the message lists the known.
    /// </exception>
    public static Tokenizer Read(GgufFile file) => Build(TokenizerMetadata.Read(file));

    /// <summary>The tokenizer of checked metadata.</summary>
    internal static Tokenizer Build(TokenizerMetadata metadata) => metadata.Model switch
    {
        "gpt2" => new ByteLevelTokenizer(metadata.WithMarkers()),
        "llama" => new SpmTokenizer(metadata.WithMarkers()),
        _ => throw metadata.Fault("model", $"\"{metadata.Model}\" is unknown; known are gpt2, llama"),
    };
}
