namespace Crescent.Engine.Cuda.Weights;

/// <summary>What an operator of a layer multiplies with, in device memory.</summary>
internal abstract record PartWeights
{
    /// <summary>All matrices that rows are multiplied by, but for those of experts.</summary>
    public abstract IEnumerable<PackedMatrix> Matrices { get; }

    /// <summary>Whether every GPU of a device has all of it.</summary>
    public virtual bool IsWhole => false;

    /// <summary>Bytes of matrices that a decode step of one token reads.</summary>
    public virtual long BytesOfToken => Matrices.Sum(static matrix => matrix.Buffer.Bytes);
}
