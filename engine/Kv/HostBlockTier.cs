using System.IO.MemoryMappedFiles;
using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Evicted KV blocks in a memory-mapped region: anonymous memory, or a file when a path is given. Bounded; the block used least recently
/// makes room. A block that went back to the device stays here too, so that evicting it again costs nothing.
/// </summary>
public sealed unsafe class HostBlockTier : IBlockTier, IDisposable
{
    private readonly KvCopies _copies;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _blockBytes;

    // Copies are done in their order, so that a slot can be used anew while one from it is under way: the pool's free list is the order of last use.
    private readonly BlockPool _slots;
    private readonly BlockHash?[] _hashOf;
    private readonly Dictionary<BlockHash, int> _slotOf;
    private byte* _memory;

    /// <summary>A tier for a device's blocks.</summary>
    /// <param name="copies">Takes the copies out and in.</param>
    /// <param name="blockBytes">Bytes of a block.</param>
    /// <param name="blocks">Blocks that the tier holds at the most.</param>
    /// <param name="path">A file to keep them in, created anew and deleted at the end; null for memory.</param>
    public HostBlockTier(KvCopies copies, long blockBytes, int blocks, string? path = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        _copies = copies;
        _blockBytes = checked((int)blockBytes);
        var bytes = (long)blocks * _blockBytes;
        _file = path is null
            ? MemoryMappedFile.CreateNew(null, bytes)
            : MemoryMappedFile.CreateFromFile(OpenFile(path, bytes), null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, bytes);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _memory);
        _memory += _view.PointerOffset;
        _slots = new BlockPool(blocks);
        _hashOf = new BlockHash?[blocks];
        _slotOf = new Dictionary<BlockHash, int>(blocks);
    }

    /// <inheritdoc/>
    public int Count => _slotOf.Count;

    /// <inheritdoc/>
    public int Capacity => _slots.Count;

    /// <inheritdoc/>
    public int CopyHashes(Span<BlockHash> destination)
    {
        var count = 0;
        foreach (var held in _hashOf)
        {
            if (held is { } hash)
            {
                destination[count++] = hash;
            }
        }

        return count;
    }

    /// <inheritdoc/>
    public bool Contains(BlockHash hash) => _slotOf.ContainsKey(hash);

    /// <inheritdoc/>
    public BlockHash? Store(BlockHash hash, int deviceBlock)
    {
        if (_slotOf.TryGetValue(hash, out var known))
        {
            Touch(known);
            return null;
        }

        if (_slots.FreeCount == 0)
        {
            return hash;
        }

        var slot = _slots.Take();
        var dropped = _hashOf[slot];
        if (dropped is { } old)
        {
            _slotOf.Remove(old);
        }

        _copies.Add(new KvCopy(KvCopyKind.ToHost, deviceBlock, Slot(slot)));
        _hashOf[slot] = hash;
        _slotOf[hash] = slot;
        _slots.Release(slot);
        return dropped;
    }

    /// <inheritdoc/>
    public long Load(BlockHash hash, int deviceBlock)
    {
        if (!_slotOf.TryGetValue(hash, out var slot))
        {
            return 0;
        }

        Touch(slot);
        return _copies.Add(new KvCopy(KvCopyKind.FromHost, deviceBlock, Slot(slot)));
    }

    /// <inheritdoc/>
    public void Hold(BlockHash hash) => _slots.Acquire(_slotOf[hash]);

    /// <inheritdoc/>
    public void LetGo(BlockHash hash) => _slots.Release(_slotOf[hash]);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memory is null)
        {
            return;
        }

        _memory = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    // All of it is allocated at once: where a mapped page finds no room on the disk, the process is killed.
    private static FileStream OpenFile(string path, long bytes) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        BufferSize = 1,
        Options = FileOptions.DeleteOnClose,
        PreallocationSize = bytes,
    });

    private nint Slot(int slot) => (nint)(_memory + ((long)slot * _blockBytes));

    private void Touch(int slot)
    {
        _slots.Acquire(slot);
        _slots.Release(slot);
    }
}
