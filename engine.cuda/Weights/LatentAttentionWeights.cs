using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>A latent attention's weights in device memory.</summary>
internal sealed record LatentAttentionWeights : PartWeights
{
    /// <summary>Its number among a model's attentions.</summary>
    public required int Index { get; init; }

    /// <summary>Queries, or where <see cref="Query"/> is there what it takes, then c and the part that turns.</summary>
    public required MatrixGroup Projections { get; init; }

    /// <summary>(queryRank, heads of plain and turning parts), or null where queries come from the input itself.</summary>
    public required PackedMatrix? Query { get; init; }

    /// <summary>Gain of what <see cref="Query"/> takes (queryRank), or null without it.</summary>
    public required DeviceBuffer? QueryNorm { get; init; }

    /// <summary>Gain of c (rank).</summary>
    public required DeviceBuffer LatentNorm { get; init; }

    /// <summary>Of each head (plain, rank), one after the other, whole tile rows each.</summary>
    public required PackedMatrix KeyHeads { get; init; }

    /// <summary>Of each head (rank, valueSize), likewise.</summary>
    public required PackedMatrix ValueHeads { get; init; }

    /// <summary>(values of all heads, width).</summary>
    public required PackedMatrix Output { get; init; }

    /// <summary>What scores are multiplied by to be powers of two.</summary>
    public required float ScoreScale { get; init; }

    /// <summary>Number of how heads turn.</summary>
    public required int Rope { get; init; }

    /// <summary>Values of c.</summary>
    public required int Rank { get; init; }

    /// <summary>Values of a head's query that do not turn.</summary>
    public required int PlainSize { get; init; }

    /// <summary>Values of a query, and of a key, that turn.</summary>
    public required int TurningSize { get; init; }

    /// <summary>Values of a head of the output.</summary>
    public required int ValueSize { get; init; }

    /// <summary>Values of what <see cref="Query"/> takes; 0 without it.</summary>
    public int QueryRank => Query?.Columns ?? 0;

    /// <inheritdoc/>
    public override IEnumerable<PackedMatrix> Matrices => [.. Projections.Matrices, .. Query is null ? Array.Empty<PackedMatrix>() : [Query], Output];

    /// <inheritdoc/>
    public override long BytesOfToken => base.BytesOfToken + KeyHeads.Buffer.Bytes + ValueHeads.Buffer.Bytes;

    /// <summary>Loads a latent attention of a kind that <see cref="ModelFit"/> has let through.</summary>
    public static LatentAttentionWeights Load(WeightUpload upload, LatentAttentionOperator latent, int index, IReadOnlyList<RopeSettings> ropes)
    {
        const string Purpose = "weights";
        var core = latent.Core;
        return new LatentAttentionWeights
        {
            Index = index,
            Projections = MatrixGroup.Load(upload, latent.QueryDown ?? core.Query, core.Key!),
            Query = latent.QueryDown is null ? null : upload.Load(Purpose, core.Query),
            QueryNorm = upload.LoadFloats(Purpose, latent.QueryNorm),
            LatentNorm = upload.LoadFloats(Purpose, latent.LatentNorm)!,
            KeyHeads = upload.LoadStack(Purpose, [.. latent.KeyHeads]),
            ValueHeads = upload.LoadStack(Purpose, [.. latent.ValueHeads]),
            Output = upload.Load(Purpose, core.Output),
            ScoreScale = (float)(Math.Log2(Math.E) * core.Scale),
            Rope = ropes.ToList().IndexOf(core.Rope!),
            Rank = latent.Rank,
            PlainSize = latent.PlainSize,
            TurningSize = latent.TurningSize,
            ValueSize = latent.ValueSize,
        };
    }
}
