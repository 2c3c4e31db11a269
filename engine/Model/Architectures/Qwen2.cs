namespace Crescent.Engine.Model.Architectures;

/// <summary>Qwen2 and Qwen2.5: biases on query, key and value.</summary>
internal sealed class Qwen2 : Architecture
{
    public override string Name => "qwen2";

    public override RopeLayout RopeLayout => RopeLayout.HalfSplit;

    public override bool HasAttentionBias => true;
}
