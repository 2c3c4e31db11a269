using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>Matrices that are multiplied by the same rows: their results lie beside each other, each from its offset on.</summary>
/// <param name="Parts">Offset in a row of the result, and matrix; those of one format are one.</param>
/// <param name="Rows">Values in a row of the result.</param>
internal sealed record MatrixGroup(IReadOnlyList<(int Offset, PackedMatrix Matrix)> Parts, int Rows)
{
    /// <summary>Its matrices.</summary>
    public IEnumerable<PackedMatrix> Matrices => Parts.Select(static part => part.Matrix);

    /// <summary>Loads tensors beside each other.</summary>
    public static MatrixGroup Load(WeightUpload upload, params GgufTensor[] tensors)
    {
        const string Purpose = "weights";
        var parts = new List<(int, PackedMatrix)>();
        var offset = 0;
        for (var first = 0; first < tensors.Length;)
        {
            var end = tensors.Length;
            while (end > first + 1 && !WeightUpload.CanJoin(tensors.AsSpan(first, end - first)))
            {
                end--;
            }

            var matrix = upload.Load(Purpose, tensors.AsSpan(first, end - first));
            parts.Add((offset, matrix));
            offset += matrix.Rows;
            first = end;
        }

        return new MatrixGroup(parts, offset);
    }
}
