namespace Crescent.Grains.Placement;

/// <summary>How a <see cref="PromptPrefix"/> crosses Orleans.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PromptPrefix")]
public struct PromptPrefixWire
{
    /// <summary>One for each model, way to store keys and values and size of block.</summary>
    [Id(0)] public PromptChain[]? Chains { get; set; }
}
