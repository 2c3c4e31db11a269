namespace Crescent.Silo.Api.Wire;

/// <summary>What a model's embeddings are.</summary>
/// <param name="Dimensions">Floats in one: the size of the model's hidden state.</param>
/// <param name="Pooling"><c>mean</c>: of the hidden states of all tokens, after the final norm.</param>
/// <param name="Normalized">True: its length is 1.</param>
public sealed record EmbeddingEntry(int Dimensions, string Pooling, bool Normalized);
