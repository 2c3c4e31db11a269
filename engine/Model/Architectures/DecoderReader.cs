using System.Buffers.Binary;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Reads the tensors of one file into a <see cref="DecoderGraph"/>, each against the shape that the model's numbers ask for.
/// </summary>
internal sealed class DecoderReader(GgufFile file, Architecture architecture)
{
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>The whole model.</summary>
    /// <exception cref="InvalidModelException">A number or a tensor is missing, wrong, or not known to the architecture.</exception>
    public DecoderGraph Read()
    {
        var config = new ConfigReader(file, architecture).Read(VocabularySize());
        var embedding = Matrix("token_embd.weight", config.Width, config.VocabularySize);
        var layers = new List<DecoderLayer>();
        for (var layer = 0; layer < config.LayerCount; layer++)
        {
            layers.Add(Layer(config, $"blk.{layer}."));
        }

        var graph = new DecoderGraph
        {
            Config = config,
            TokenEmbedding = embedding,
            Layers = layers,
            OutputNorm = Vector("output_norm.weight", config.Width),
            Output = file.FindTensor("output.weight") is null
                ? embedding
                : Matrix("output.weight", config.Width, config.VocabularySize),
            RopeFactors = RopeFactors(config),
        };
        RefuseUnknownTensors();
        return graph;
    }

    private int VocabularySize()
    {
        const string Name = "token_embd.weight";
        var embedding = file.Tensor(Name);
        return embedding.Rows is > 0 and <= int.MaxValue
            ? (int)embedding.Rows
            : throw new InvalidModelException(file.Path, Name, $"{embedding.Rows} rows are more than a vocabulary may have");
    }

    private DecoderLayer Layer(ModelConfig config, string prefix) => new()
    {
        AttentionNorm = Vector(prefix + "attn_norm.weight", config.Width),
        Query = Matrix(prefix + "attn_q.weight", config.Width, config.QueryWidth),
        Key = Matrix(prefix + "attn_k.weight", config.Width, config.KvWidth),
        Value = Matrix(prefix + "attn_v.weight", config.Width, config.KvWidth),
        QueryBias = architecture.HasAttentionBias ? Vector(prefix + "attn_q.bias", config.QueryWidth) : null,
        KeyBias = architecture.HasAttentionBias ? Vector(prefix + "attn_k.bias", config.KvWidth) : null,
        ValueBias = architecture.HasAttentionBias ? Vector(prefix + "attn_v.bias", config.KvWidth) : null,
        QueryNorm = architecture.HasHeadNorms ? Vector(prefix + "attn_q_norm.weight", config.HeadSize) : null,
        KeyNorm = architecture.HasHeadNorms ? Vector(prefix + "attn_k_norm.weight", config.HeadSize) : null,
        AttentionOutput = Matrix(prefix + "attn_output.weight", config.QueryWidth, config.Width),
        FeedForwardNorm = Vector(prefix + "ffn_norm.weight", config.Width),
        Router = architecture.HasExperts ? Matrix(prefix + "ffn_gate_inp.weight", config.Width, config.ExpertCount) : null,
        Gate = FeedForward(config, prefix + "ffn_gate", config.Width, config.FeedForwardWidth),
        Up = FeedForward(config, prefix + "ffn_up", config.Width, config.FeedForwardWidth),
        Down = FeedForward(config, prefix + "ffn_down", config.FeedForwardWidth, config.Width),
    };

    private GgufTensor FeedForward(ModelConfig config, string name, long columns, long rows)
        => architecture.HasExperts
            ? Take(name + "_exps.weight", columns, rows, config.ExpertCount)
            : Matrix(name + ".weight", columns, rows);

    private GgufTensor Matrix(string name, long columns, long rows) => Take(name, columns, rows);

    private GgufTensor Vector(string name, long length)
    {
        var tensor = Take(name, length);
        return tensor.Type == GgmlType.F32
            ? tensor
            : throw new InvalidModelException(file.Path, name, $"is of type {tensor.Type}; it must be {GgmlType.F32}");
    }

    private GgufTensor Take(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = file.Tensor(name);
        var longest = Math.Max(shape.Length, tensor.Shape.Count);
        for (var i = 0; i < longest; i++)
        {
            // Extents of 1 may be written or left out at the end.
            if ((i < shape.Length ? shape[i] : 1) != (i < tensor.Shape.Count ? tensor.Shape[i] : 1))
            {
                throw new InvalidModelException(file.Path, name,
                    $"is {tensor}, but the model's numbers make it ({string.Join(", ", shape.ToArray())})");
            }
        }

        _used.Add(name);
        return tensor;
    }

    private GgufTensor? RopeFactors(ModelConfig config)
    {
        const string Name = "rope_freqs.weight";
        if (file.FindTensor(Name) is null)
        {
            return null;
        }

        var factors = Vector(Name, config.HeadSize / 2);
        for (var i = 0; i < factors.Columns; i++)
        {
            if (BinaryPrimitives.ReadSingleLittleEndian(factors.Row(0)[(4 * i)..]) is not (> 0 and < float.PositiveInfinity))
            {
                throw new InvalidModelException(file.Path, Name, $"value {i} is not a finite number above 0");
            }
        }

        return factors;
    }

    /// <summary>A tensor that nobody reads is a step of the model that would be left out silently.</summary>
    private void RefuseUnknownTensors()
    {
        foreach (var name in file.Tensors.Keys)
        {
            if (!_used.Contains(name))
            {
                throw new InvalidModelException(file.Path, GgufCursor.Printable(name),
                    $"the architecture {architecture.Name} has no such tensor; the file asks for something that is not supported");
            }
        }
    }
}
