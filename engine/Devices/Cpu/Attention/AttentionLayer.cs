using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>What a layer's attention is, and the vectors that it reads beside its matrices; null where the layer has none.</summary>
internal sealed unsafe class AttentionLayer
{
    private readonly AttentionOperator _operator = null!;
    private readonly KvReach _reach;

    /// <summary>What it is.</summary>
    public required AttentionOperator Operator
    {
        get => _operator;
        init => (_operator, _reach) = (value, new KvReach(value.Window, value.ChunkLength));
    }

    /// <summary>Where its keys and values lie: number of its pools in <see cref="KvMemory"/>.</summary>
    public required int Cache { get; init; }

    /// <summary>The group of layers in whose blocks they lie.</summary>
    public required int Group { get; init; }

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
    public int FirstSeen(int position) => _reach.FirstSeen(position);
}
