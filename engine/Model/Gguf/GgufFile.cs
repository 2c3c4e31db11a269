using System.Buffers.Binary;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// A model file in GGUF version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), mapped into memory. Everything in
/// its header is checked against the file when it is opened, so that a truncated or hostile file is an
/// <see cref="InvalidModelException"/> and tensors never reach outside the mapping.
/// </summary>
/// <remarks>
/// Safe for use by many threads. Tensors point into the mapping: dispose the file only when nothing uses them any more. The file
/// must not be cut short while it is open.
/// </remarks>
public sealed class GgufFile : IDisposable
{
    private const uint Magic = 0x46554747;
    private const uint Version = 3;

    private readonly GgufBytes _bytes;
    private readonly GgufMetadata _metadata;
    private readonly Dictionary<string, GgufTensor> _tensors;
    private IReadOnlyList<GgufFile> _furtherParts = [];

    private GgufFile(string path, GgufBytes bytes, GgufMetadata metadata, Dictionary<string, GgufTensor> tensors)
    {
        Path = path;
        _bytes = bytes;
        _metadata = metadata;
        _tensors = tensors;
    }

    /// <summary>The path that it was opened with.</summary>
    public string Path { get; }

    /// <summary>All tensors by name, in the order of the file.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <summary>All metadata keys, in the order of the file.</summary>
    public IReadOnlyCollection<string> Keys => _metadata.Keys;

    /// <summary>
    /// Maps the file at <paramref name="path"/> and checks its header. The first part of a split file stands for all of them: they are mapped too, and their
    /// tensors are those of one file.
    /// </summary>
    /// <exception cref="FileNotFoundException">Nothing lies at the path.</exception>
    /// <exception cref="InvalidModelException">It is no GGUF file of version 3, or a fault lies in it, or a part is missing.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return WithFurtherParts(OpenPart(path));
    }

    public void Dispose()
    {
        _bytes.Dispose();
        foreach (var part in _furtherParts)
        {
            part.Dispose();
        }
    }

    /// <summary>The tensor called <paramref name="name"/>.</summary>
    /// <exception cref="InvalidModelException">The file has none of that name.</exception>
    public GgufTensor Tensor(string name)
        => FindTensor(name) ?? throw new InvalidModelException(Path, name, "the file has no such tensor");

    /// <summary>The tensor called <paramref name="name"/>, or null.</summary>
    public GgufTensor? FindTensor(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>Whether the metadata have <paramref name="key"/>.</summary>
    public bool Contains(string key) => _metadata.Find(key) is not null;

    /// <summary>A string.</summary>
    /// <exception cref="InvalidModelException">The key is missing, no string, or no UTF-8.</exception>
    public string GetString(string key) => FindString(key) ?? throw Missing(key);

    /// <summary>A string, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no string, or no UTF-8.</exception>
    public string? FindString(string key) => _metadata.FindString(key);

    /// <summary>A value of any integer type.</summary>
    /// <exception cref="InvalidModelException">The key is missing, no integer, or above 2^63 - 1.</exception>
    public long GetInteger(string key) => FindInteger(key) ?? throw Missing(key);

    /// <summary>A value of any integer type, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no integer, or above 2^63 - 1.</exception>
    public long? FindInteger(string key) => _metadata.FindInteger(key);

    /// <summary>A value of either float type.</summary>
    /// <exception cref="InvalidModelException">The key is missing or no float.</exception>
    public float GetFloat(string key) => FindFloat(key) ?? throw Missing(key);

    /// <summary>A value of either float type, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no float.</exception>
    public float? FindFloat(string key) => (float?)_metadata.FindFloat(key);

    /// <summary>A boolean, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no boolean.</exception>
    public bool? FindBoolean(string key) => _metadata.FindBoolean(key);

    /// <summary>An array of booleans, decoded anew at each call, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no array of booleans.</exception>
    public bool[]? FindBooleans(string key) => _metadata.FindBooleans(key);

    /// <summary>An array of strings, decoded anew at each call, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no array of strings, or one is no UTF-8.</exception>
    public string[]? FindStrings(string key) => _metadata.FindStrings(key);

    /// <summary>An array of floats, decoded anew at each call, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no array of floats.</exception>
    public float[]? FindFloats(string key) => _metadata.FindFloats(key);

    /// <summary>An array of any integer type, decoded anew at each call, or null where the key is missing.</summary>
    /// <exception cref="InvalidModelException">The value is no array of integers, or one does not fit 32 bits.</exception>
    public int[]? FindIntegers(string key) => _metadata.FindIntegers(key);

    /// <summary>Of which type the value of <paramref name="key"/> is, or null.</summary>
    internal GgufValue? FindValue(string key) => _metadata.Find(key);

    /// <summary>Elements of the array at <paramref name="key"/>, or null where there is none.</summary>
    internal long? FindArrayLength(string key) => _metadata.Find(key) is { IsArray: true } value ? value.Count : null;

    /// <summary>A fault in the value of <paramref name="key"/>, with its offset.</summary>
    internal InvalidModelException Fault(string key, string fault) => _metadata.Fault(key, fault);

    /// <summary>Reads a file that lies in memory; <paramref name="name"/> stands for its path.</summary>
    internal static GgufFile Read(string name, ReadOnlyMemory<byte> data) => WithFurtherParts(Read(name, GgufBytes.Pin(data)));

    /// <summary>Maps one file, whatever it is a part of.</summary>
    internal static GgufFile OpenPart(string path) => Read(path, GgufBytes.Map(path));

    private static GgufFile WithFurtherParts(GgufFile file)
    {
        try
        {
            if (GgufSplit.Read(file) is { } split)
            {
                file._furtherParts = split.OpenFurther();
                split.Join(file._tensors, file._furtherParts);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static unsafe GgufFile Read(string path, GgufBytes bytes)
    {
        try
        {
            var cursor = new GgufCursor(path, bytes.Start, bytes.Length);
            CheckMagic(ref cursor);
            var tensorCount = cursor.ReadCount("tensor count", GgufTensorTable.LeastBytes);
            var pairCount = cursor.ReadCount("metadata count", GgufMetadata.LeastBytes);
            var metadata = GgufMetadata.Read(path, bytes, ref cursor, pairCount);
            var tensors = GgufTensorTable.Read(path, bytes, ref cursor, tensorCount, metadata);
            return new GgufFile(path, bytes, metadata, tensors);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private static void CheckMagic(ref GgufCursor cursor)
    {
        const string BigEndian = "this is a big-endian GGUF file; convert it to little-endian";
        var magic = cursor.ReadUInt32("magic");
        if (magic != Magic)
        {
            throw cursor.Fault(0, "magic", BinaryPrimitives.ReverseEndianness(magic) == Magic
                ? BigEndian
                : $"0x{magic:X8} is not GGUF's 0x{Magic:X8}; this is no GGUF file");
        }

        var version = cursor.ReadUInt32("version");
        if (version != Version)
        {
            throw cursor.Fault(4, "version", BinaryPrimitives.ReverseEndianness(version) == Version
                ? BigEndian
                : $"version {version} is not supported; convert the file to version {Version}");
        }
    }

    private InvalidModelException Missing(string key) => new(Path, key, "the metadata have no such key");
}
