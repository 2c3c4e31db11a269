namespace Crescent.Tests.Cuda;

/// <summary>Tests of the emulated driver, which is one for the process: one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = false)]
public sealed class EmulatedCollection
{
    public const string Name = "emulated CUDA";
}
