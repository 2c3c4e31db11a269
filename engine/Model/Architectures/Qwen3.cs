namespace Crescent.Engine.Model.Architectures;

/// <summary>Qwen3: no biases, a norm on each query and key head.</summary>
internal sealed class Qwen3 : Architecture
{
    public override string Name => "qwen3";

    public override RopeLayout RopeLayout => RopeLayout.HalfSplit;

    public override bool HasHeadNorms => true;
}
