namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>The vectors that a layer's attention reads beside its matrices; null where the layer has none.</summary>
internal sealed unsafe class AttentionLayer
{
    /// <summary>(queryWidth).</summary>
    public float* QueryBias { get; init; }

    /// <summary>(kvWidth).</summary>
    public float* KeyBias { get; init; }

    /// <summary>(kvWidth).</summary>
    public float* ValueBias { get; init; }

    /// <summary>(headSize).</summary>
    public float* QueryNorm { get; init; }

    /// <summary>(headSize).</summary>
    public float* KeyNorm { get; init; }
}
