using System.Text;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>Writes a file of random weights as GGUF, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).</summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly List<(string Key, byte[] Value)> _values = [];

    /// <summary>Adds a text.</summary>
    public void Add(string key, string value) => Add(key, GgufValueType.String, Text(value));

    /// <summary>Adds a whole number, as UInt32.</summary>
    public void Add(string key, int value) => Add(key, GgufValueType.UInt32, BitConverter.GetBytes(value));

    /// <summary>Adds a float.</summary>
    public void Add(string key, float value) => Add(key, GgufValueType.Float32, BitConverter.GetBytes(value));

    /// <summary>Adds a boolean.</summary>
    public void Add(string key, bool value) => Add(key, GgufValueType.Boolean, [value ? (byte)1 : (byte)0]);

    /// <summary>Adds texts.</summary>
    public void Add(string key, string[] values) => AddArray(key, GgufValueType.String, values.Select(Text).ToList());

    /// <summary>Adds whole numbers of 32 bits.</summary>
    public void Add(string key, int[] values, bool signed) =>
        AddArray(key, signed ? GgufValueType.Int32 : GgufValueType.UInt32, values.Select(BitConverter.GetBytes).ToList());

    /// <summary>Adds floats.</summary>
    public void Add(string key, float[] values) => AddArray(key, GgufValueType.Float32, values.Select(BitConverter.GetBytes).ToList());

    /// <summary>Adds booleans.</summary>
    public void Add(string key, bool[] values) => AddArray(key, GgufValueType.Boolean, values.Select(static value => new[] { value ? (byte)1 : (byte)0 }).ToList());

    /// <summary>Writes the file: what was added, then the tensors in their order.</summary>
    public void Write(Stream file, IReadOnlyList<RandomTensor> tensors, RandomWeights weights)
    {
        using (var header = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
        {
            header.Write("GGUF"u8);
            header.Write(3);
            header.Write((long)tensors.Count);
            header.Write((long)_values.Count);
            foreach (var (key, value) in _values)
            {
                header.Write(Text(key));
                header.Write(value);
            }

            long offset = 0;
            foreach (var tensor in tensors)
            {
                header.Write(Text(tensor.Name));
                header.Write(tensor.Shape.Count);
                foreach (var extent in tensor.Shape)
                    header.Write(extent);
                header.Write((int)tensor.Type);
                header.Write(offset);
                offset += Padded(tensor.Bytes);
            }
        }

        Pad(file, file.Position);
        foreach (var tensor in tensors)
        {
            weights.Write(file, tensor);
            Pad(file, tensor.Bytes);
        }
    }

    private void Add(string key, GgufValueType type, byte[] value) => _values.Add((key, [.. BitConverter.GetBytes((int)type), .. value]));

    private void AddArray(string key, GgufValueType type, List<byte[]> values) =>
        Add(key, GgufValueType.Array, [.. BitConverter.GetBytes((int)type), .. BitConverter.GetBytes((long)values.Count), .. values.SelectMany(static value => value)]);

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. BitConverter.GetBytes((long)bytes.Length), .. bytes];
    }

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream file, long bytes) => file.Write(new byte[Padded(bytes) - bytes]);
}
