using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// What each layer is told of a token beside the residual stream: for each layer m values,
/// (norm(projection e / sqrt(width)) + tokens[id] * sqrt(m)) / sqrt(2), with e the token's embedding as the stream begins with it, and the norm over the m
/// values of a layer: gemma4.
/// </summary>
/// <param name="Tokens">(m * layers, vocabulary).</param>
/// <param name="Projection">(width, m * layers).</param>
/// <param name="Norm">Gain (m).</param>
public sealed record PerLayerInput(GgufTensor Tokens, GgufTensor Projection, GgufTensor Norm)
{
    /// <summary>Values of a layer: m.</summary>
    public int Size => Norm.Columns;

    /// <summary>Values of all layers.</summary>
    public int AllSize => Tokens.Columns;
}
