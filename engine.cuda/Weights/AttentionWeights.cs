using System.Runtime.InteropServices;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>An attention's weights in device memory.</summary>
internal sealed record AttentionWeights : PartWeights
{
    /// <summary>Its number among a model's attentions.</summary>
    public required int Index { get; init; }

    /// <summary>Shape of the heads.</summary>
    public required HeadShape Heads { get; init; }

    /// <summary>Queries, keys, values (those of them that there are) and, where <see cref="Gated"/>, the gates of queries' heads.</summary>
    public required MatrixGroup Projections { get; init; }

    /// <summary>Of queries, keys and values, or null.</summary>
    public required DeviceBuffer? Bias { get; init; }

    public required DeviceBuffer? QueryNorm { get; init; }

    public required DeviceBuffer? KeyNorm { get; init; }

    /// <summary>One more score for each query head (heads), or null.</summary>
    public required DeviceBuffer? Sinks { get; init; }

    /// <summary>What scores are multiplied by to be powers of two: e^x = 2^(x log2 e).</summary>
    public required float ScoreScale { get; init; }

    /// <summary>Number of how heads turn; -1 where they do not.</summary>
    public required int Rope { get; init; }

    /// <summary>Grows scores with the position, or null.</summary>
    public required AttentionTemperature? Temperature { get; init; }

    /// <summary>Whether it sees another's keys and values, and has none of its own.</summary>
    public required bool SeesAnothers { get; init; }

    /// <summary>Whether its values are its keys, as they are before norm and rotation.</summary>
    public required bool ValuesAreKeys { get; init; }

    /// <summary>Whether value heads are normalised without a gain.</summary>
    public required bool NormalisesValues { get; init; }

    /// <summary>Whether what attention gives is multiplied by the sigmoid of a gate.</summary>
    public required bool Gated { get; init; }

    public required PackedMatrix Output { get; init; }

    /// <summary>Whether keys and values are each of their own and stored as they come, so that attention of one token a sequence can do that by itself.</summary>
    public bool StoresPlainly => !SeesAnothers && !ValuesAreKeys && !NormalisesValues;

    /// <inheritdoc/>
    public override IEnumerable<PackedMatrix> Matrices => Projections.Matrices.Append(Output);

    /// <summary>How far an attention sees.</summary>
    public static KvReach ReachOf(AttentionOperator attention) => new(attention.Window, attention.ChunkLength);

    /// <summary>Loads an attention of a kind that <see cref="ModelFit"/> has let through.</summary>
    public static AttentionWeights Load(WeightUpload upload, AttentionOperator attention, int index, IReadOnlyList<RopeSettings> ropes)
    {
        const string Purpose = "weights";
        var (queries, gates) = QueriesAndGates(attention);
        return new AttentionWeights
        {
            Index = index,
            Heads = attention.Heads,
            Projections = MatrixGroup.Load(upload, [.. queries, .. new[] { attention.Key, attention.Value }.OfType<GgufTensor>(), .. gates]),
            Bias = upload.LoadFloats(Purpose, attention.QueryBias, attention.KeyBias, attention.ValueBias),
            QueryNorm = Norm(attention.QueryNorm),
            KeyNorm = Norm(attention.KeyNorm),
            Sinks = upload.LoadFloats(Purpose, attention.Sinks),
            ScoreScale = (float)(Math.Log2(Math.E) * attention.Scale),
            Rope = attention.Rope is { } rope ? ropes.ToList().IndexOf(rope) : -1,
            Temperature = attention.Temperature,
            SeesAnothers = attention.KeysOf is not null,
            ValuesAreKeys = attention is { Key: not null, Value: null },
            NormalisesValues = attention.NormalisesValues,
            Gated = attention.HasOutputGate,
            Output = upload.Load(Purpose, attention.Output),
        };

        // Turning leaves a head as long as it is: a norm without gain behind it is one before it.
        DeviceBuffer? Norm(GgufTensor? gain) => attention.NormalisesTurned
            ? upload.LoadBytes(Purpose, MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(1f, attention.Heads.Size)]))
            : upload.LoadFloats(Purpose, gain);
    }

    // In a file the gate of each head follows its query.
    private static (GgufTensor[] Queries, GgufTensor[] Gates) QueriesAndGates(AttentionOperator attention)
    {
        if (!attention.HasOutputGate)
        {
            return ([attention.Query], []);
        }

        var size = attention.Heads.Size;
        var heads = Enumerable.Range(0, attention.Heads.Count).ToArray();
        return ([.. heads.Select(head => attention.Query.Slice(2L * head * size, size))], [.. heads.Select(head => attention.Query.Slice(((2L * head) + 1) * size, size))]);
    }
}
