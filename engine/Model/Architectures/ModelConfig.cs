namespace Crescent.Engine.Model.Architectures;

/// <summary>The shape of a decoder-only transformer; where layers differ, the most of any of them. What a layer has is said by its operators.</summary>
public sealed record ModelConfig
{
    /// <summary><c>general.architecture</c>, such as llama.</summary>
    public required string Architecture { get; init; }

    /// <summary><c>general.name</c>, or the file's name without its extension.</summary>
    public required string Name { get; init; }

    /// <summary>Transformer layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Values in the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; <see cref="HeadCount"/> is a multiple of it (grouped-query attention).</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Values in a head; not always <see cref="Width"/> / <see cref="HeadCount"/>.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Width of the dense feed-forward layer; of one expert in a mixture.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Tokens in the vocabulary: rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Positions the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Added to the mean square in RMSNorm.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Experts of a mixture, 0 for a dense model.</summary>
    public int ExpertCount { get; init; }

    /// <summary>Experts that each token passes through.</summary>
    public int ExpertUsedCount { get; init; }

    /// <summary>Query values of a token: <see cref="HeadCount"/> * <see cref="HeadSize"/>.</summary>
    public int QueryWidth => HeadCount * HeadSize;

    /// <summary>Key (or value) values of a token: <see cref="KvHeadCount"/> * <see cref="HeadSize"/>.</summary>
    public int KvWidth => KvHeadCount * HeadSize;
}
