using Crescent.Engine.Devices.Cpu.Memory;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// The KV blocks of a device, each of which holds what the layers of some group keep of a block of positions: for each layer and KV head a page of keys, then one of
/// values. Where pages lie at the same places in the blocks of all groups, all first pages lie together in the order of block ids, then all second ones and so on, so
/// that neighbouring blocks of a sequence stream from memory: (page bytes, blocks, pages). Else a block lies in one piece: (block bytes, blocks).
/// </summary>
internal sealed unsafe class KvMemory : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly KvLayerPages[] _layers;
    private readonly long[] _offsets; // (layers): bytes of a block before the layer's
    private readonly int[] _pieces; // bytes of what lies together of a block, in order

    /// <summary>Room for <paramref name="blocks"/> blocks.</summary>
    /// <param name="layers">What each layer keeps of a block of positions.</param>
    /// <param name="partition">Where it lies.</param>
    /// <param name="blocks">For all groups of layers together.</param>
    public KvMemory(IReadOnlyList<KvLayerPages> layers, KvPartition partition, int blocks)
    {
        Blocks = blocks;
        BlockBytes = partition.BlockBytes;
        _layers = [.. layers];
        _offsets = [.. partition.OffsetOf];
        _pieces = Pieces(partition);
        _memory = new NativeBuffer(BlockBytes * blocks);
    }

    /// <summary>Blocks held.</summary>
    public int Blocks { get; }

    /// <summary>Bytes of a block.</summary>
    public long BlockBytes { get; }

    /// <summary>Whether blocks lie in one piece each.</summary>
    public bool IsWhole => _pieces.Length == 1;

    /// <summary>Bytes from a page of a layer to that of the next block.</summary>
    public int Stride(int layer) => IsWhole ? _pieces[0] : _layers[layer].PageBytes;

    /// <summary>Pages of keys of one head, block b's at b * <see cref="Stride"/>.</summary>
    public byte* Keys(int layer, int head) => _memory.Data + ((IsWhole ? 1 : Blocks) * (_offsets[layer] + (2L * head * _layers[layer].PageBytes)));

    /// <summary>Pages of values of one head, block b's at b * <see cref="Stride"/>.</summary>
    public byte* Values(int layer, int head) => Keys(layer, head) + ((IsWhole ? 1L : Blocks) * _layers[layer].PageBytes);

    /// <summary>Copies a block over another.</summary>
    public void Copy(int from, int to)
    {
        var pool = _memory.Data;
        foreach (var bytes in _pieces)
        {
            Piece(pool, bytes, from).CopyTo(Piece(pool, bytes, to));
            pool += (long)Blocks * bytes;
        }
    }

    /// <summary>Copies a block out, piece by piece.</summary>
    public void Read(int block, Span<byte> destination)
    {
        var pool = _memory.Data;
        foreach (var bytes in _pieces)
        {
            Piece(pool, bytes, block).CopyTo(destination);
            destination = destination[bytes..];
            pool += (long)Blocks * bytes;
        }
    }

    /// <summary>Copies a block in, as <see cref="Read"/> gave it.</summary>
    public void Write(int block, ReadOnlySpan<byte> source)
    {
        var pool = _memory.Data;
        foreach (var bytes in _pieces)
        {
            source[..bytes].CopyTo(Piece(pool, bytes, block));
            source = source[bytes..];
            pool += (long)Blocks * bytes;
        }
    }

    /// <summary>Makes all of a block zeros.</summary>
    public void Clear(int block)
    {
        var pool = _memory.Data;
        foreach (var bytes in _pieces)
        {
            Piece(pool, bytes, block).Clear();
            pool += (long)Blocks * bytes;
        }
    }

    public void Dispose() => _memory.Dispose();

    private static Span<byte> Piece(byte* pool, int bytes, int block) => new(pool + ((long)block * bytes), bytes);

    /// <summary>The pages of the group that has most of them, where those of all others lie as these do; else all of a block.</summary>
    private int[] Pieces(KvPartition partition)
    {
        var pages = new List<int>[partition.Groups.Count];
        for (var layer = 0; layer < _layers.Length; layer++)
        {
            (pages[partition.GroupOf[layer]] ??= []).AddRange(Enumerable.Repeat(_layers[layer].PageBytes, _layers[layer].Pages));
        }

        var most = pages.MaxBy(static group => group.Sum(static bytes => (long)bytes))!;
        return most.Sum(static bytes => (long)bytes) == BlockBytes && pages.All(group => group.Count <= most.Count && group.SequenceEqual(most[..group.Count]))
            ? [.. most]
            : [checked((int)BlockBytes)];
    }
}
