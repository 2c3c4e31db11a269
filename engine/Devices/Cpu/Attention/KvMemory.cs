using Crescent.Engine.Devices.Cpu.Memory;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// The KV blocks of a device. For each layer and KV head there is one pool of key pages and one of value pages; a pool holds the
/// page of every block, in the order of block ids, so that neighbouring blocks of a sequence stream from memory:
/// (page bytes, blocks, keys | values, KV heads, layers).
/// </summary>
internal sealed unsafe class KvMemory : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly int _heads;
    private readonly long _poolBytes;

    /// <summary>Room for <paramref name="blocks"/> blocks.</summary>
    public KvMemory(int layers, int heads, int pageBytes, int blocks)
    {
        _heads = heads;
        Blocks = blocks;
        PageBytes = pageBytes;
        _poolBytes = (long)pageBytes * blocks;
        BlockBytes = BlockBytesOf(layers, heads, pageBytes);
        _memory = new NativeBuffer(BlockBytes * blocks);
    }

    /// <summary>Blocks held.</summary>
    public int Blocks { get; }

    /// <summary>Bytes of one head's keys, or values, of one block and layer.</summary>
    public int PageBytes { get; }

    /// <summary>Bytes of one block over all layers and heads, keys and values.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of one block over all layers and heads, keys and values.</summary>
    public static long BlockBytesOf(int layers, int heads, int pageBytes) => 2L * layers * heads * pageBytes;

    /// <summary>Pages of keys of one head, block b's at b * <see cref="PageBytes"/>.</summary>
    public byte* Keys(int layer, int head) => _memory.Data + (2L * ((layer * _heads) + head) * _poolBytes);

    /// <summary>Pages of values of one head, block b's at b * <see cref="PageBytes"/>.</summary>
    public byte* Values(int layer, int head) => Keys(layer, head) + _poolBytes;

    /// <summary>Copies all pages of a block over those of another.</summary>
    public void Copy(int from, int to)
    {
        for (var pool = _memory.Data; pool < _memory.Data + (BlockBytes * Blocks); pool += _poolBytes)
            Page(pool, from).CopyTo(Page(pool, to));
    }

    /// <summary>Copies all pages of a block out, pool by pool.</summary>
    public void Read(int block, Span<byte> destination)
    {
        for (var pool = _memory.Data; pool < _memory.Data + (BlockBytes * Blocks); pool += _poolBytes, destination = destination[PageBytes..])
            Page(pool, block).CopyTo(destination);
    }

    /// <summary>Copies all pages of a block in, as <see cref="Read"/> gave them.</summary>
    public void Write(int block, ReadOnlySpan<byte> source)
    {
        for (var pool = _memory.Data; pool < _memory.Data + (BlockBytes * Blocks); pool += _poolBytes, source = source[PageBytes..])
            source[..PageBytes].CopyTo(Page(pool, block));
    }

    public void Dispose() => _memory.Dispose();

    private Span<byte> Page(byte* pool, int block) => new(pool + ((long)block * PageBytes), PageBytes);
}
