namespace Crescent.Silo.Api.Wire;

/// <summary>A model in a <see cref="ModelList"/>.</summary>
/// <param name="Id">What requests call it.</param>
/// <param name="Object"><c>model</c>.</param>
/// <param name="Created">When its file was made, in seconds since 1970.</param>
/// <param name="OwnedBy">Who serves it.</param>
/// <param name="ContextLength">Positions of a sequence; not in OpenAI's.</param>
/// <param name="Embedding">What its embeddings are, or null when it has none; not in OpenAI's.</param>
public sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy, int ContextLength, EmbeddingEntry? Embedding);
