using Crescent.Engine.Cuda.Memory;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>Operators of a branch that read the residual stream behind one norm, in device memory.</summary>
/// <param name="Norm">Gain of the norm before them (width), or null where they read the stream itself.</param>
/// <param name="Parts">What is computed from what that gives, and added up.</param>
/// <param name="PostNorm">Gain of a norm of that sum (width), behind which it is added to the branch's other sections; null where there is none.</param>
internal sealed record BranchSection(DeviceBuffer? Norm, IReadOnlyList<PartWeights> Parts, DeviceBuffer? PostNorm)
{
    /// <summary>Whether each GPU of a device computes a part of its sum, and not all of it.</summary>
    public bool IsDivided { get; } = Parts.Any(static part => !part.IsWhole);

    /// <summary>Its one operator, where that normalises what several GPUs have parts of; else null.</summary>
    public StateWeights? SharedNorm => Parts is [StateWeights { Shape.SharesNorm: true } state] ? state : null;
}
