using System.Text;
using Crescent.Engine.Model.Gguf;

namespace Crescent.GpuCheck.Model;

/// <summary>A tensor of a file that is to be written.</summary>
/// <param name="Name">As <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">How its values are stored.</param>
/// <param name="Shape">Extents, the contiguous one first.</param>
internal sealed record TensorShape(string Name, GgmlType Type, params int[] Shape)
{
    /// <summary>Bytes of all its values.</summary>
    public long Bytes => Shape.Aggregate(1L, static (product, extent) => product * extent) / GgmlTypes.BlockLength(Type) * GgmlTypes.BlockBytes(Type);
}

/// <summary>Writes GGUF files without a vocabulary: numbers of a model and its tensors.</summary>
internal static class GgufWriter
{
    private const int Alignment = 32;

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="pairs">Keys with texts, whole numbers or floats.</param>
    /// <param name="tensors">In order.</param>
    /// <param name="write">Puts the bytes of a tensor into the file.</param>
    public static void Write(string path, IReadOnlyList<(string Key, object Value)> pairs, IReadOnlyList<TensorShape> tensors, Action<TensorShape, Stream> write)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        using var writer = new BinaryWriter(file, Encoding.UTF8);
        writer.Write(0x46554747u);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)pairs.Count);
        foreach (var (key, value) in pairs)
        {
            Text(writer, key);
            Value(writer, value);
        }

        var offset = 0L;
        foreach (var tensor in tensors)
        {
            Text(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (var extent in tensor.Shape)
                writer.Write((ulong)extent);
            writer.Write((uint)tensor.Type);
            writer.Write((ulong)offset);
            offset += RoundUp(tensor.Bytes);
        }

        writer.Flush();
        file.Write(new byte[RoundUp(file.Position) - file.Position]);
        foreach (var tensor in tensors)
        {
            write(tensor, file);
            file.Write(new byte[RoundUp(tensor.Bytes) - tensor.Bytes]);
        }
    }

    private static long RoundUp(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(4u);
                writer.Write(number);
                break;
            case float number:
                writer.Write(6u);
                writer.Write(number);
                break;
            default:
                writer.Write(8u);
                Text(writer, (string)value);
                break;
        }
    }
}
