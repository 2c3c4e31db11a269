namespace Crescent.Engine.Cuda.Steps;

/// <summary>Parts of a step, to be left out where the time of each is measured: what comes out then means nothing.</summary>
[Flags]
internal enum StepParts
{
    None = 0,
    Norms = 1,
    Products = 2,
    Rope = 4,
    Attention = 8,
    Silu = 16,

    /// <summary>The matrix of logits and the likeliest tokens.</summary>
    Head = 32,

    /// <summary>Convolutions and states.</summary>
    States = 64,
    All = 127,
}
