namespace Crescent.Engine.Model.Layers;

/// <summary>What is between the matrices of a feed-forward part: a function of g, the gate, and u.</summary>
public enum FeedForwardActivation
{
    /// <summary>silu(g) * u with silu(g) = g * sigmoid(g).</summary>
    SwiGlu,

    /// <summary>gelu(g) * u with gelu(g) = g / 2 * (1 + tanh(sqrt(2 / pi) * (g + 0.044715 g^3))).</summary>
    GeGlu,

    /// <summary>g * sigmoid(1.702 g) * (u + 1) with g at most 7 and u within 7 of 0: gpt-oss.</summary>
    ClampedSwiGlu,

    /// <summary>max(u, 0)^2, without a gate: nemotron_h.</summary>
    SquaredRelu,
}
