namespace Crescent.Engine.Model.Architectures;

/// <summary>Which two values of a head rotary position embedding turns together.</summary>
public enum RopeLayout
{
    /// <summary>Neighbours (2i, 2i+1): llama files, whose query and key rows are permuted for it.</summary>
    Interleaved,

    /// <summary>Halves (i, i + headSize/2): qwen2, qwen3.</summary>
    HalfSplit,
}
