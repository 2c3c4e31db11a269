using System.Text;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model.Gguf;

/// <summary>
/// Writes small GGUF files for tests, right ones and, where asked to, wrong ones. Setting a key or a tensor again replaces it.
/// </summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Key, byte[] Value)> _pairs = [];
    private readonly List<TensorEntry> _tensors = [];

    public uint Magic { get; set; } = 0x46554747;

    public uint Version { get; set; } = 3;

    /// <summary>Where tensors are laid out; not written into the file by itself.</summary>
    public int Alignment { get; set; } = 32;

    /// <summary>Sets a value: integers of any width, float, double, bool, string, or an array (of arrays) of these.</summary>
    public GgufBuilder Set(string key, object value)
    {
        var at = _pairs.FindIndex(pair => pair.Key == key);
        var bytes = Write(writer => WriteTyped(writer, value));
        if (at < 0)
        {
            _pairs.Add((key, bytes));
        }
        else
        {
            _pairs[at] = (key, bytes);
        }

        return this;
    }

    /// <summary>Adds a pair as it is, also when the key is there.</summary>
    public GgufBuilder Append(string key, object value)
    {
        _pairs.Add((key, Write(writer => WriteTyped(writer, value))));
        return this;
    }

    /// <summary>Adds a value of bytes that are written as they are: type, then value.</summary>
    public GgufBuilder AppendRaw(string key, params byte[] typeAndValue)
    {
        _pairs.Add((key, typeAndValue));
        return this;
    }

    public GgufBuilder Remove(string keyOrTensor)
    {
        _pairs.RemoveAll(pair => pair.Key == keyOrTensor);
        _tensors.RemoveAll(tensor => tensor.Name == keyOrTensor);
        return this;
    }

    /// <summary>A tensor of zeroes, or of F32 values.</summary>
    public GgufBuilder Tensor(string name, GgmlType type, long[] shape, params float[] values)
    {
        var rows = shape.Skip(1).Aggregate(1L, static (product, extent) => product * extent);
        var data = new byte[rows * shape[0] / GgmlTypes.BlockLength(type) * GgmlTypes.BlockBytes(type)];
        Buffer.BlockCopy(values, 0, data, 0, 4 * values.Length);
        var entry = new TensorEntry(name, (uint)type, [.. shape.Select(static extent => (ulong)extent)], data, null);
        var at = _tensors.FindIndex(tensor => tensor.Name == name);
        if (at < 0)
        {
            _tensors.Add(entry);
        }
        else
        {
            _tensors[at] = entry;
        }

        return this;
    }

    /// <summary>A tensor as it is described, with so many bytes of data, at an offset of its own where one is given.</summary>
    public GgufBuilder AppendRawTensor(string name, uint type, ulong[] shape, int bytes = 0, ulong? offset = null)
    {
        _tensors.Add(new TensorEntry(name, type, shape, new byte[bytes], offset));
        return this;
    }

    public byte[] Build()
    {
        var places = new List<ulong>();
        var data = new MemoryStream();
        foreach (var tensor in _tensors)
        {
            Pad(data);
            places.Add(tensor.Offset ?? (ulong)data.Length);
            data.Write(tensor.Data);
        }

        var file = new MemoryStream();
        var writer = new BinaryWriter(file);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_pairs.Count);
        foreach (var (key, value) in _pairs)
        {
            WriteString(writer, key);
            writer.Write(value);
        }

        foreach (var (tensor, place) in _tensors.Zip(places))
        {
            WriteString(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            Array.ForEach(tensor.Shape, writer.Write);
            writer.Write(tensor.Type);
            writer.Write(place);
        }

        HeaderLength = (int)file.Length;
        Pad(file);
        data.WriteTo(file);
        return file.ToArray();
    }

    /// <summary>Bytes before the padding and the data, once built.</summary>
    public int HeaderLength { get; private set; }

    /// <summary>The file, read from memory.</summary>
    public GgufFile Read(string name = "test.gguf") => GgufFile.Read(name, Build());

    private void Pad(MemoryStream stream)
    {
        while (stream.Length % Alignment != 0)
        {
            stream.WriteByte(0);
        }
    }

    private static byte[] Write(Action<BinaryWriter> write)
    {
        var stream = new MemoryStream();
        write(new BinaryWriter(stream));
        return stream.ToArray();
    }

    private static void WriteTyped(BinaryWriter writer, object value)
    {
        writer.Write((uint)TypeOf(value.GetType()));
        WriteValue(writer, value);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte x: writer.Write(x); break;
            case sbyte x: writer.Write(x); break;
            case ushort x: writer.Write(x); break;
            case short x: writer.Write(x); break;
            case uint x: writer.Write(x); break;
            case int x: writer.Write(x); break;
            case ulong x: writer.Write(x); break;
            case long x: writer.Write(x); break;
            case float x: writer.Write(x); break;
            case double x: writer.Write(x); break;
            case bool x: writer.Write(x); break;
            case string x: WriteString(writer, x); break;
            case Array x:
                writer.Write((uint)TypeOf(x.GetType().GetElementType()!));
                writer.Write((ulong)x.Length);
                foreach (var element in x)
                {
                    WriteValue(writer, element);
                }

                break;
            default: throw new ArgumentException($"GGUF has no {value.GetType()}.", nameof(value));
        }
    }

    private static GgufValueType TypeOf(Type type) => type.IsArray ? GgufValueType.Array : Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => GgufValueType.UInt8,
        TypeCode.SByte => GgufValueType.Int8,
        TypeCode.UInt16 => GgufValueType.UInt16,
        TypeCode.Int16 => GgufValueType.Int16,
        TypeCode.UInt32 => GgufValueType.UInt32,
        TypeCode.Int32 => GgufValueType.Int32,
        TypeCode.UInt64 => GgufValueType.UInt64,
        TypeCode.Int64 => GgufValueType.Int64,
        TypeCode.Single => GgufValueType.Float32,
        TypeCode.Double => GgufValueType.Float64,
        TypeCode.Boolean => GgufValueType.Boolean,
        TypeCode.String => GgufValueType.String,
        _ => throw new ArgumentException($"GGUF has no {type}.", nameof(type)),
    };

    private static void WriteString(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private sealed record TensorEntry(string Name, uint Type, ulong[] Shape, byte[] Data, ulong? Offset);
}
