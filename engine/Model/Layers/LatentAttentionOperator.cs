using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// Multi-head latent attention (https://arxiv.org/abs/2405.04434) in its absorbed form: keys and values of all heads are one latent row c of a token and a part
/// that turns; the query of a head meets c after its key matrix, and what it gets of c goes through its value matrix. <see cref="Core"/> is the attention
/// between, whose one key head is (turning part, c).
/// </summary>
public sealed record LatentAttentionOperator : LayerOperator
{
    /// <inheritdoc/>
    public override string Name => "latent attention";

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices =>
        [.. QueryDown is null ? Array.Empty<GgufTensor>() : [QueryDown], Core.Query, Core.Key!, .. KeyHeads, .. ValueHeads, Core.Output];

    /// <summary>(width, queryRank), or null where queries come from the input itself.</summary>
    public GgufTensor? QueryDown { get; init; }

    /// <summary>RMSNorm gain (queryRank), or null.</summary>
    public GgufTensor? QueryNorm { get; init; }

    /// <summary>RMSNorm gain of c (rank).</summary>
    public required GgufTensor LatentNorm { get; init; }

    /// <summary>(plain, rank) of each head.</summary>
    public required IReadOnlyList<GgufTensor> KeyHeads { get; init; }

    /// <summary>(rank, valueSize) of each head.</summary>
    public required IReadOnlyList<GgufTensor> ValueHeads { get; init; }

    /// <summary>
    /// Attention among latent rows. Its query matrix gives, for each head, a plain part and one that turns; its key matrix c and the part that turns; its output
    /// matrix takes what the value matrices give.
    /// </summary>
    public required AttentionOperator Core { get; init; }

    /// <summary>Values of c.</summary>
    public int Rank => ValueHeads[0].Columns;

    /// <summary>Values of a head's query that do not turn.</summary>
    public int PlainSize => KeyHeads[0].Columns;

    /// <summary>Values of a query, and of a key, that turn.</summary>
    public int TurningSize => Core.Heads.Size - Rank;

    /// <summary>Values of a head of the output.</summary>
    public int ValueSize => (int)ValueHeads[0].Rows;
}
