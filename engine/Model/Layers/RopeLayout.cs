namespace Crescent.Engine.Model.Layers;

/// <summary>Which two values of a head rotary position embedding turns together.</summary>
public enum RopeLayout
{
    /// <summary>Neighbours (2i, 2i+1): llama files, whose query and key rows are permuted for it.</summary>
    Interleaved,

    /// <summary>Halves (i, i + dimensions/2): qwen2, qwen3, gemma3 and most others.</summary>
    HalfSplit,
}
