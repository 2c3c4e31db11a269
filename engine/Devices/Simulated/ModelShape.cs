namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// The shape of a model that is simulated, from its public configuration: enough to count weights, operations and KV bytes. Layers are alike
/// but for <see cref="DenseLayers"/>, and for attention, which may be local in some of them and a state in others.
/// </summary>
public sealed record ModelShape
{
    /// <summary>Such as <c>llama-3.3-70b</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Values in the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Values in a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Width of a dense feed-forward layer; 0 when all layers are mixtures.</summary>
    public int FeedForwardWidth { get; init; }

    /// <summary>Tokens in the vocabulary.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Positions it was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Experts of a mixture layer; 0 for a dense model.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that a token passes through.</summary>
    public int ExpertsUsed { get; init; }

    /// <summary>Width of one expert.</summary>
    public int ExpertWidth { get; init; }

    /// <summary>Width of the expert that every token passes through beside the others; 0 for none.</summary>
    public int SharedExpertWidth { get; init; }

    /// <summary>Layers of a mixture model that are dense.</summary>
    public int DenseLayers { get; init; }

    /// <summary>Layers whose attention sees only a window.</summary>
    public int LocalLayers { get; init; }

    /// <summary>Positions that those layers see.</summary>
    public int LocalWindow { get; init; }

    /// <summary>Layers that keep a state of one size for each sequence in place of keys and values; of the same weights as the others here.</summary>
    public int StateLayers { get; init; }

    /// <summary>Bytes of the state of one such layer.</summary>
    public double StateBytes { get; init; }

    /// <summary>Latent attention: values of the compressed keys and values of a position, for all heads; 0 for plain attention.</summary>
    public int LatentWidth { get; init; }

    /// <summary>Latent attention: rotary values of a position, for all heads.</summary>
    public int LatentRopeWidth { get; init; }

    /// <summary>Latent attention: values of the compressed query.</summary>
    public int LatentQueryWidth { get; init; }

    /// <summary>Bytes of a key or value in the cache: 1 for FP8, 2 for BF16.</summary>
    public double KvBytes { get; init; } = 1;

    /// <summary>How the matrices are stored, unless the model's name says another.</summary>
    public WeightPrecision Precision { get; init; } = WeightPrecision.FP8;

    /// <summary>How the experts are stored and multiplied where that is another than <see cref="Precision"/>, whatever the model's name says; null where it is not.</summary>
    public WeightPrecision? ExpertPrecision { get; init; }

    /// <summary>The same for the matrices of attention.</summary>
    public WeightPrecision? AttentionPrecision { get; init; }

    /// <summary>Layers with a router.</summary>
    public int MixtureLayers => Experts > 0 ? Layers - DenseLayers : 0;

    /// <summary>Weights of the attention of one layer.</summary>
    public double AttentionWeights => LatentWidth == 0
        ? (double)Width * HeadSize * ((2 * Heads) + (2 * KvHeads))
        : ((double)Width * (LatentQueryWidth + LatentWidth + LatentRopeWidth))
            + ((double)LatentQueryWidth * Heads * (HeadSize + LatentRopeWidth))
            + ((double)LatentWidth * Heads * 2 * HeadSize)
            + ((double)Heads * HeadSize * Width);

    /// <summary>Weights that every token passes through: attention, dense layers, shared experts, routers; head and embedding apart.</summary>
    public double CommonWeights =>
        (Layers * AttentionWeights)
        + (3.0 * Width * FeedForwardWidth * (Layers - MixtureLayers))
        + (MixtureLayers * ((3.0 * Width * SharedExpertWidth) + ((double)Width * Experts)));

    /// <summary>Weights of one expert.</summary>
    public double ExpertWeights => 3.0 * Width * ExpertWidth;

    /// <summary>Weights of the head; the embedding has as many.</summary>
    public double HeadWeights => (double)Width * Vocabulary;

    /// <summary>Weights in all.</summary>
    public double TotalWeights => CommonWeights + (MixtureLayers * Experts * ExpertWeights) + (2 * HeadWeights);

    /// <summary>Weights that one token is multiplied with, without the head.</summary>
    public double ActiveWeights => CommonWeights + (MixtureLayers * ExpertsUsed * ExpertWeights);

    /// <summary>Positions of a sequence by which the caches of layers with a window or a state are shared out, where nobody knows better.</summary>
    public const int TypicalPositions = 8192;

    /// <summary>Bytes of the state of a sequence over all layers.</summary>
    public double SequenceStateBytes => StateLayers * StateBytes;

    /// <summary>KV bytes of a position in a layer that keeps them, on a group of <paramref name="gpus"/> GPUs together; see <see cref="KvBytesPerToken"/>.</summary>
    public double KvBytesPerLayer(int gpus, bool dataParallel = false) => LatentWidth == 0
        ? 2.0 * (dataParallel ? KvHeads : Math.Max(KvHeads, gpus)) * HeadSize * KvBytes
        : (LatentWidth + LatentRopeWidth) * KvBytes * (dataParallel ? 1 : gpus);

    /// <summary>KV bytes of a position over all layers, on a group of <paramref name="gpus"/> GPUs together.</summary>
    /// <remarks>
    /// Where they share each token's attention, each holds at least one KV head, and the whole of a latent cache; where each has sequences of its own, nothing is held twice.
    /// A layer with a window keeps that of each sequence, however long it is, and one with a state keeps just one: so much of it counts for each position.
    /// </remarks>
    /// <param name="gpus">GPUs of the group.</param>
    /// <param name="dataParallel">Whether each has sequences of its own.</param>
    /// <param name="positions">Of a sequence.</param>
    public double KvBytesPerToken(int gpus, bool dataParallel = false, int positions = TypicalPositions)
    {
        positions = Math.Max(1, positions);
        var layers = Layers - LocalLayers - StateLayers + (LocalLayers * Math.Min(1, (double)LocalWindow / positions));
        return (layers * KvBytesPerLayer(gpus, dataParallel)) + (SequenceStateBytes / positions);
    }

    /// <summary>Bytes of all weights: the matrices at <paramref name="precision"/>, embedding and head in BF16.</summary>
    public double WeightBytes(WeightPrecision precision) => WeightBytes(precision, 1);

    /// <summary>The same on all GPUs of a group together, of which <paramref name="copies"/> hold all but the experts.</summary>
    public double WeightBytes(WeightPrecision precision, int copies) =>
        (MixtureLayers * Experts * ExpertWeights * BytesPerWeight(ExpertPrecision ?? precision))
        + (copies * (CommonBytes(precision) + (2 * HeadWeights * BytesPerWeight(WeightPrecision.BF16))));

    /// <summary>Bytes of the weights that every token passes through.</summary>
    public double CommonBytes(WeightPrecision precision) =>
        (Layers * AttentionWeights * BytesPerWeight(AttentionPrecision ?? precision)) + ((CommonWeights - (Layers * AttentionWeights)) * BytesPerWeight(precision));

    /// <summary>Bytes of a weight.</summary>
    public static double BytesPerWeight(WeightPrecision precision) => precision switch
    {
        WeightPrecision.BF16 => 2,
        WeightPrecision.FP8 => 1,
        _ => 0.5625,
    };

    /// <summary>Throws when a value is out of its range; <paramref name="source"/> is named in the message.</summary>
    /// <exception cref="FormatException">Names the field.</exception>
    public void Validate(string source)
    {
        Require(Layers is >= 1 and <= 10_000, nameof(Layers), "1 to 10000");
        Require(Width > 0 && Heads > 0 && KvHeads > 0 && HeadSize > 0, "Width, Heads, KvHeads and HeadSize", "above 0");
        Require(Vocabulary > 0, nameof(Vocabulary), "above 0");
        Require(ContextLength > 0, nameof(ContextLength), "above 0");
        Require(Experts == 0 || ExpertsUsed is >= 1 && ExpertsUsed <= Experts, nameof(ExpertsUsed), "1 to Experts");
        Require(Experts == 0 || ExpertWidth > 0, nameof(ExpertWidth), "above 0 in a mixture");
        Require(DenseLayers >= 0 && DenseLayers <= Layers, nameof(DenseLayers), "0 to Layers");
        Require(MixtureLayers == Layers || FeedForwardWidth > 0, nameof(FeedForwardWidth), "above 0 where there are dense layers");
        Require(LocalLayers >= 0 && LocalLayers <= Layers, nameof(LocalLayers), "0 to Layers");
        Require(LocalLayers == 0 ? LocalWindow == 0 : LocalWindow > 0, nameof(LocalWindow), LocalLayers == 0 ? "0 where no layer is local (LocalLayers)" : "above 0 where layers are local");
        Require(StateLayers >= 0 && LocalLayers + StateLayers <= Layers && StateLayers < Layers, nameof(StateLayers), "0 to Layers less LocalLayers, and less than Layers");
        Require(StateLayers == 0 ? StateBytes == 0 : StateBytes is >= 1 and <= 1e9, nameof(StateBytes), StateLayers == 0 ? "0 where no layer keeps a state (StateLayers)" : "1 to 1e9 where layers keep states");
        Require(KvBytes > 0, nameof(KvBytes), "above 0");

        void Require(bool condition, string field, string range)
        {
            if (!condition)
            {
                throw new FormatException($"{source}: {field} must be {range}.");
            }
        }
    }
}
