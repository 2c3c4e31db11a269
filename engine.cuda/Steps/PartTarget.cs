using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>Where what a part gives goes to.</summary>
/// <param name="Pointer">(width, tokens): floats.</param>
/// <param name="Adds">Whether it is added to what is there.</param>
/// <param name="Scale">What it is multiplied by.</param>
internal readonly record struct PartTarget(CUdeviceptr Pointer, bool Adds, float Scale);
