using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>What a layer's attention is, and the vectors that it reads beside its matrices; null where the layer has none.</summary>
internal sealed unsafe class AttentionLayer
{
    /// <summary>What it is.</summary>
    public required AttentionOperator Operator { get; init; }

    /// <summary>Where its keys and values lie: number of its pools in <see cref="KvMemory"/>.</summary>
    public required int Cache { get; init; }

    /// <summary>Number of its <see cref="RopeSettings"/> among those of the model, or -1 where heads do not turn.</summary>
    public required int Rope { get; init; }

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

    /// <summary>(heads).</summary>
    public float* Sinks { get; init; }

    /// <summary>Shape of the heads.</summary>
    public HeadShape Heads => Operator.Heads;

    /// <summary>Values of a head in pages and queries: whole vectors.</summary>
    public int PaddedHead => NativeBuffer.RoundUp(Operator.Heads.Size, 16);

    /// <summary>The first position that a token at <paramref name="position"/> sees.</summary>
    public int FirstSeen(int position) => Operator switch
    {
        { Window: > 0 and var window } => Math.Max(0, position - window + 1),
        { ChunkLength: > 0 and var chunk } => position / chunk * chunk,
        _ => 0,
    };
}
