using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// A family of decoder-only transformers. What sets it apart from the others is said by its own class; how a file is read and
/// checked is the same for all (<see cref="DecoderReader"/>). A new one is one new file and its line in <see cref="Known"/>.
/// </summary>
public abstract class Architecture
{
    private static readonly Architecture[] Known =
    [
        new Llama(),
        new Qwen2(),
        new Qwen3(),
        new Qwen3Moe(),
    ];

    /// <summary><c>general.architecture</c>, which is also the prefix of its metadata keys.</summary>
    public abstract string Name { get; }

    /// <summary>Which values of a head rotate together.</summary>
    public abstract RopeLayout RopeLayout { get; }

    /// <summary>Whether query, key and value have biases.</summary>
    public virtual bool HasAttentionBias => false;

    /// <summary>Whether each query and key head is normalised before rotation.</summary>
    public virtual bool HasHeadNorms => false;

    /// <summary>Whether the feed-forward layers are mixtures of experts: softmax over all, the best chosen, weights rescaled to 1.</summary>
    public virtual bool HasExperts => false;

    /// <summary>
    /// Reads the model in <paramref name="file"/>: its architecture's numbers, checked for range, and its tensors, each checked for
    /// shape and type. A file that asks for something the engine does not do is refused rather than served wrongly.
    /// </summary>
    /// <exception cref="InvalidModelException">The architecture is unknown, or a number or a tensor is missing or wrong.</exception>
    public static DecoderGraph Read(GgufFile file)
    {
        const string Key = "general.architecture";
        var name = file.GetString(Key);
        var architecture = Array.Find(Known, known => known.Name == name)
            ?? throw file.Fault(Key, $"'{GgufCursor.Printable(name)}' is not supported; known are "
                + string.Join(", ", Known.Select(static known => known.Name)));
        return new DecoderReader(file, architecture).Read();
    }
}
