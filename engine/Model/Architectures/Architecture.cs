using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// A family of decoder-only models: how its files are read into layers of operators (<see cref="DecoderGraph"/>). A new one is one new file and its
/// line in <see cref="Known"/>; docs/architectures.md shows how.
/// </summary>
public abstract class Architecture
{
    private static readonly Architecture[] Known =
    [
        new Llama(),
        new Qwen2(),
        new Qwen3(),
        new Qwen3Moe(),
        new Gemma3(),
        new Gemma4(),
        new GptOss(),
        new Phi3(),
        new SmolLm3(),
        new Glm4Moe(),
        new Llama4(),
        new Mistral3(),
        new Qwen35("qwen35"),
        new Qwen35("qwen35moe"),
        new Qwen35("qwen3next"),
        new Lfm2("lfm2"),
        new Lfm2("lfm2moe"),
        new GraniteHybrid(),
        new NemotronH(),
        new DeepSeek2(),
    ];

    /// <summary>Names of all that are known, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(static known => known.Name).Order(StringComparer.Ordinal)];

    /// <summary><c>general.architecture</c>, which is also the prefix of its metadata keys.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Reads the model in <paramref name="file"/>: its architecture's numbers, checked for range, and its tensors, each checked for
    /// shape and type. A file that asks for something the engine does not do is refused rather than served wrongly.
    /// </summary>
    /// <exception cref="InvalidModelException">The architecture is unknown, or a number or a tensor is missing or wrong.</exception>
    public static DecoderGraph Read(GgufFile file)
    {
        const string Key = "general.architecture";
        ModelReader.RefuseWhatIsNoModel(file);
        var name = file.GetString(Key);
        var architecture = Array.Find(Known, known => known.Name == name)
            ?? throw file.Fault(Key, $"'{GgufCursor.Printable(name)}' is not supported; known are {string.Join(", ", Names)}");
        return architecture.Describe(new ModelReader(file, architecture.Name));
    }

    /// <summary>The model in a file of this architecture.</summary>
    internal abstract DecoderGraph Describe(ModelReader model);
}
