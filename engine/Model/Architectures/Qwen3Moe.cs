namespace Crescent.Engine.Model.Architectures;

/// <summary>Qwen3 with mixtures of experts in place of its feed-forward layers.</summary>
internal sealed class Qwen3Moe : Architecture
{
    public override string Name => "qwen3moe";

    public override RopeLayout RopeLayout => RopeLayout.HalfSplit;

    public override bool HasHeadNorms => true;

    public override bool HasExperts => true;
}
