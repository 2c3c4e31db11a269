using Crescent.Engine.Devices.Cpu.Memory;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// The KV blocks of a device. For each layer and KV head there is one pool of key pages and one of value pages; a pool holds the
/// page of every block, in the order of block ids, so that neighbouring blocks of a sequence stream from memory:
/// (page bytes, blocks, keys | values, KV heads, layers). Layers may have different heads.
/// </summary>
internal sealed unsafe class KvMemory : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly KvLayerPages[] _layers;
    private readonly long[] _offsets; // bytes of a block in all layers before

    /// <summary>Room for <paramref name="blocks"/> blocks.</summary>
    public KvMemory(IReadOnlyList<KvLayerPages> layers, int blocks)
    {
        Blocks = blocks;
        _layers = [.. layers];
        _offsets = new long[_layers.Length];
        for (var i = 1; i < _layers.Length; i++)
            _offsets[i] = _offsets[i - 1] + _layers[i - 1].BlockBytes;
        BlockBytes = BlockBytesOf(layers);
        _memory = new NativeBuffer(BlockBytes * blocks);
    }

    /// <summary>Blocks held.</summary>
    public int Blocks { get; }

    /// <summary>Bytes of one block over all layers and heads, keys and values.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of one block over all layers and heads, keys and values.</summary>
    public static long BlockBytesOf(IReadOnlyList<KvLayerPages> layers) => layers.Sum(static layer => layer.BlockBytes);

    /// <summary>Bytes of one head's keys, or values, of one block.</summary>
    public int PageBytes(int layer) => _layers[layer].PageBytes;

    /// <summary>Pages of keys of one head, block b's at b * <see cref="PageBytes"/>.</summary>
    public byte* Keys(int layer, int head) => _memory.Data + (Blocks * (_offsets[layer] + (2L * head * _layers[layer].PageBytes)));

    /// <summary>Pages of values of one head, block b's at b * <see cref="PageBytes"/>.</summary>
    public byte* Values(int layer, int head) => Keys(layer, head) + ((long)Blocks * _layers[layer].PageBytes);

    /// <summary>Copies all pages of a block over those of another.</summary>
    public void Copy(int from, int to)
    {
        var pool = _memory.Data;
        foreach (var layer in _layers)
        {
            for (var i = 0; i < layer.Pages; i++, pool += (long)Blocks * layer.PageBytes)
                Page(pool, layer.PageBytes, from).CopyTo(Page(pool, layer.PageBytes, to));
        }
    }

    /// <summary>Copies all pages of a block out, pool by pool.</summary>
    public void Read(int block, Span<byte> destination)
    {
        var pool = _memory.Data;
        foreach (var layer in _layers)
        {
            for (var i = 0; i < layer.Pages; i++, pool += (long)Blocks * layer.PageBytes, destination = destination[layer.PageBytes..])
                Page(pool, layer.PageBytes, block).CopyTo(destination);
        }
    }

    /// <summary>Copies all pages of a block in, as <see cref="Read"/> gave them.</summary>
    public void Write(int block, ReadOnlySpan<byte> source)
    {
        var pool = _memory.Data;
        foreach (var layer in _layers)
        {
            for (var i = 0; i < layer.Pages; i++, pool += (long)Blocks * layer.PageBytes, source = source[layer.PageBytes..])
                source[..layer.PageBytes].CopyTo(Page(pool, layer.PageBytes, block));
        }
    }

    public void Dispose() => _memory.Dispose();

    private static Span<byte> Page(byte* pool, int pageBytes, int block) => new(pool + ((long)block * pageBytes), pageBytes);
}
