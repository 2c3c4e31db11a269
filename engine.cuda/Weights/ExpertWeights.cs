using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>A mixture of experts in device memory: the matrices of all experts lie one after the other, in two.</summary>
internal sealed record ExpertWeights : PartWeights
{
    /// <summary>Experts at most: what <c>mixture.cu</c> counts.</summary>
    public const int MostExperts = 1024;

    /// <summary>(width, experts).</summary>
    public required PackedMatrix Router { get; init; }

    /// <summary>Gain of a norm of the residual stream (width) that the router reads; null where it reads what experts read.</summary>
    public required DeviceBuffer? RouterNorm { get; init; }

    /// <summary>What the router's logits are multiplied by, before their bias.</summary>
    public required float RouterScale { get; init; }

    /// <summary>Added to the router's logits (experts), or null.</summary>
    public required DeviceBuffer? RouterBias { get; init; }

    /// <summary>Added to scores for the choice alone (experts), or null.</summary>
    public required DeviceBuffer? ChoiceBias { get; init; }

    /// <summary>What the output of each expert is multiplied by (experts), or null.</summary>
    public required DeviceBuffer? OutputScale { get; init; }

    /// <summary>Of each expert gate, then up: (width, 2 hidden experts).</summary>
    public required PackedMatrix GateUp { get; init; }

    /// <summary>Of each expert: (hidden, width experts).</summary>
    public required PackedMatrix Down { get; init; }

    /// <summary>Added to the gates' products (hidden, experts), or null.</summary>
    public required DeviceBuffer? GateBias { get; init; }

    /// <summary>Added to the ups' products (hidden, experts), or null.</summary>
    public required DeviceBuffer? UpBias { get; init; }

    /// <summary>Added to the outputs of experts (width, experts), or null.</summary>
    public required DeviceBuffer? DownBias { get; init; }

    /// <summary>What is between the matrices.</summary>
    public required FeedForwardActivation Activation { get; init; }

    /// <summary>Experts.</summary>
    public required int Count { get; init; }

    /// <summary>Experts of a token.</summary>
    public required int Used { get; init; }

    /// <summary>How logits become scores.</summary>
    public required ExpertGating Gating { get; init; }

    /// <summary>Whether a token's weights are divided by their sum.</summary>
    public required bool NormalisesWeights { get; init; }

    /// <summary>What weights are multiplied by in the end.</summary>
    public required float WeightScale { get; init; }

    /// <summary>Whether the weight goes to the expert's input instead of its output; then a token has one expert.</summary>
    public required bool WeighsInput { get; init; }

    /// <summary>Values between the matrices of an expert.</summary>
    public int HiddenWidth => Down.Columns;

    /// <inheritdoc/>
    public override IEnumerable<PackedMatrix> Matrices => [Router];

    /// <inheritdoc/>
    public override long BytesOfToken => Router.Buffer.Bytes + ((GateUp.Buffer.Bytes + Down.Buffer.Bytes) / Count * Used);

    /// <summary>Whether the kernels can find an expert's matrices: of whole tiles, gate and up in one format.</summary>
    public static bool CanLoad(MixtureOperator mixture) => AreTiles(GatesAndUps(mixture)) && AreTiles([.. mixture.Down]);

    /// <summary>Loads a mixture of a kind that <see cref="ModelFit"/> has let through.</summary>
    public static ExpertWeights Load(WeightUpload upload, MixtureOperator mixture)
    {
        const string Purpose = "weights";
        return new ExpertWeights
        {
            Router = upload.Load(Purpose, mixture.Router),
            RouterNorm = upload.LoadFloats(Purpose, mixture.RouterNorm),
            RouterScale = mixture.RouterNorm is null ? 1 : mixture.RouterScale,
            RouterBias = upload.LoadFloats(Purpose, mixture.RouterBias),
            ChoiceBias = upload.LoadFloats(Purpose, mixture.ChoiceBias),
            OutputScale = upload.LoadFloats(Purpose, mixture.OutputScale),
            GateUp = upload.Load(Purpose, GatesAndUps(mixture)),
            Down = upload.Load(Purpose, [.. mixture.Down]),
            GateBias = upload.LoadFloats(Purpose, mixture.GateBias),
            UpBias = upload.LoadFloats(Purpose, mixture.UpBias),
            DownBias = upload.LoadFloats(Purpose, mixture.DownBias),
            Activation = mixture.Activation,
            Count = mixture.ExpertCount,
            Used = mixture.UsedCount,
            Gating = mixture.Gating,
            NormalisesWeights = mixture.NormalisesWeights,
            WeightScale = mixture.WeightScale,
            WeighsInput = mixture.WeighsInput,
        };
    }

    private static bool AreTiles(GgufTensor[] matrices) => WeightUpload.CanJoin(matrices) && matrices.All(static matrix => matrix.Rows % PackedFormats.TileRows == 0);

    private static GgufTensor[] GatesAndUps(MixtureOperator mixture) => [.. mixture.Gate.Zip(mixture.Up, static (gate, up) => new[] { gate, up }).SelectMany(static pair => pair)];
}
