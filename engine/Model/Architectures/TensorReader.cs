using System.Buffers.Binary;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Finds the tensors of a file, each against the shape that the model's numbers ask for, and remembers which were asked for.</summary>
internal sealed class TensorReader(GgufFile file, string architecture)
{
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>Whether the file has a tensor of that name.</summary>
    public bool Has(string name) => file.FindTensor(name) is not null;

    /// <summary>Rows of a tensor.</summary>
    /// <exception cref="InvalidModelException">There is none, or it has more rows than an int holds.</exception>
    public int RowsOf(string name)
    {
        var tensor = file.Tensor(name);
        return tensor.Rows is > 0 and <= int.MaxValue
            ? (int)tensor.Rows
            : throw new InvalidModelException(file.Path, name, $"{tensor.Rows} rows are more than a vocabulary may have");
    }

    /// <summary>A tensor of any type.</summary>
    public GgufTensor Matrix(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = file.Tensor(name);
        var longest = Math.Max(shape.Length, tensor.Shape.Count);
        for (var i = 0; i < longest; i++)
        {
            // Extents of 1 may be written or left out at the end.
            if ((i < shape.Length ? shape[i] : 1) != (i < tensor.Shape.Count ? tensor.Shape[i] : 1))
            {
                throw new InvalidModelException(file.Path, name,
                    $"is {tensor}, but the model's numbers make it ({string.Join(", ", shape.ToArray())})");
            }
        }

        _used.Add(name);
        return tensor;
    }

    /// <summary>A tensor that kernels read as floats: a norm, a bias.</summary>
    public GgufTensor Vector(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = Matrix(name, shape);
        return tensor.Type == GgmlType.F32
            ? tensor
            : throw new InvalidModelException(file.Path, name, $"is of type {tensor.Type}; it must be {GgmlType.F32}");
    }

    /// <summary>The same, or null where the file has none.</summary>
    public GgufTensor? FindVector(string name, params ReadOnlySpan<long> shape) => Has(name) ? Vector(name, shape) : null;

    /// <summary>The one number of a tensor.</summary>
    public float Number(string name) => BinaryPrimitives.ReadSingleLittleEndian(Vector(name, 1).Row(0));

    /// <summary>Numbers above 0 by which rotary frequencies are divided.</summary>
    public float[] Factors(string name, int count)
    {
        var tensor = Vector(name, count);
        var factors = new float[count];
        for (var i = 0; i < count; i++)
        {
            factors[i] = BinaryPrimitives.ReadSingleLittleEndian(tensor.Row(0)[(4 * i)..]);
            if (factors[i] is not (> 0 and < float.PositiveInfinity))
            {
                throw new InvalidModelException(file.Path, name, $"value {i} is not a finite number above 0");
            }
        }

        return factors;
    }

    /// <summary>Lets all tensors whose names begin so be where they are: what a plain pass does not use.</summary>
    public void Skip(string prefix) => _used.UnionWith(file.Tensors.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>A tensor that nobody reads is a step of the model that would be left out silently: refuses those whose names begin so.</summary>
    public void RefuseUnknown(string prefix = "")
    {
        foreach (var name in file.Tensors.Keys)
        {
            if (!_used.Contains(name) && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                throw new InvalidModelException(file.Path, GgufCursor.Printable(name),
                    $"the architecture {architecture} has no such tensor; the file asks for something that is not supported");
            }
        }
    }
}
