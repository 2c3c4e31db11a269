using System.IO.MemoryMappedFiles;
using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Evicted KV blocks and states in a memory-mapped region: anonymous memory, or a file when a path is given. Bounded; what was used least recently
/// makes room. What went back to the device stays here too, so that evicting it again costs nothing.
/// </summary>
/// <remarks>The region is slots of a block's size. A state is in as many of them as it needs, wherever they are, each copied by itself: so one budget of bytes serves both.</remarks>
public sealed unsafe class HostBlockTier : IBlockTier, IDisposable
{
    private readonly KvCopies _copies;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _blockBytes;
    private readonly int _stateSlots;

    // Copies are done in their order, so that a slot can be used anew while one from it is under way: the pool's free list is the order of last use.
    private readonly BlockPool _slots;
    private readonly BlockHash?[] _hashOf;

    // The slot with the next part of a state, -1 behind the last.
    private readonly int[] _next;
    private readonly Dictionary<BlockHash, int> _slotOf;
    private byte* _memory;

    /// <summary>A tier for a device's blocks and states.</summary>
    /// <param name="copies">Takes the copies out and in.</param>
    /// <param name="blockBytes">Bytes of a block.</param>
    /// <param name="blocks">Blocks that the tier holds at the most.</param>
    /// <param name="path">A file to keep them in, created anew and deleted at the end; null for memory.</param>
    /// <param name="stateBytes">Bytes of a state; 0 where there are none.</param>
    /// <exception cref="ArgumentOutOfRangeException">It has no room for a single block or state.</exception>
    public HostBlockTier(KvCopies copies, long blockBytes, int blocks, string? path = null, long stateBytes = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, BlocksForState(blockBytes, stateBytes));
        _copies = copies;
        _blockBytes = checked((int)blockBytes);
        _stateSlots = (int)BlocksForState(blockBytes, stateBytes);
        var bytes = (long)blocks * _blockBytes;
        _file = path is null
            ? MemoryMappedFile.CreateNew(null, bytes)
            : MemoryMappedFile.CreateFromFile(OpenFile(path, bytes), null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, bytes);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _memory);
        _memory += _view.PointerOffset;
        _slots = new BlockPool(blocks);
        _hashOf = new BlockHash?[blocks];
        _next = new int[blocks];
        _slotOf = new Dictionary<BlockHash, int>(blocks);
    }

    /// <summary>Where its memory is; it stays there.</summary>
    public nint Address => (nint)_memory;

    /// <summary>Bytes of its memory.</summary>
    public long Bytes => (long)_slots.Count * _blockBytes;

    /// <inheritdoc/>
    public int Count => _slotOf.Count;

    /// <inheritdoc/>
    public int Capacity => _slots.Count;

    /// <summary>Blocks in whose place a state is.</summary>
    public static long BlocksForState(long blockBytes, long stateBytes) => (stateBytes + blockBytes - 1) / blockBytes;

    /// <inheritdoc/>
    public int CopyHashes(Span<BlockHash> destination)
    {
        var count = 0;
        foreach (var hash in _slotOf.Keys)
        {
            destination[count++] = hash;
        }

        return count;
    }

    /// <inheritdoc/>
    public bool Contains(BlockHash hash) => _slotOf.ContainsKey(hash);

    /// <inheritdoc/>
    public void Store(BlockHash hash, int deviceBlock, List<BlockHash> dropped) => Store(hash, KvCopyKind.ToHost, deviceBlock, 1, dropped);

    /// <inheritdoc/>
    public void StoreState(BlockHash hash, int state, List<BlockHash> dropped) => Store(hash, KvCopyKind.StateToHost, state, _stateSlots, dropped);

    /// <inheritdoc/>
    public long Load(BlockHash hash, int deviceBlock) => Load(hash, KvCopyKind.FromHost, deviceBlock);

    /// <inheritdoc/>
    public long LoadState(BlockHash hash, int state) => Load(hash, KvCopyKind.StateFromHost, state);

    /// <inheritdoc/>
    public void Hold(BlockHash hash)
    {
        for (var slot = _slotOf[hash]; slot >= 0; slot = _next[slot])
        {
            _slots.Acquire(slot);
        }
    }

    /// <inheritdoc/>
    public void LetGo(BlockHash hash)
    {
        for (var slot = _slotOf[hash]; slot >= 0; slot = _next[slot])
        {
            _slots.Release(slot);
        }
    }

    /// <inheritdoc/>
    public void CheckIntegrity()
    {
        _slots.CheckIntegrity();
        var known = 0;
        foreach (var (hash, first) in _slotOf)
        {
            for (var slot = first; slot >= 0; slot = _next[slot])
            {
                known++;
                if (_hashOf[slot] != hash || _slots.References(slot) != _slots.References(first))
                {
                    throw new InvalidOperationException($"The host tier is broken: its slot {slot} is not of what it is found by, or held other than the rest of that.");
                }
            }
        }

        if (known != _hashOf.Count(static hash => hash is not null))
        {
            throw new InvalidOperationException($"The host tier is broken: {known} slots can be found, other than there are with content.");
        }
    }

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

    private void Store(BlockHash hash, KvCopyKind kind, int from, int parts, List<BlockHash> dropped)
    {
        if (_slotOf.ContainsKey(hash))
        {
            Touch(hash);
            return;
        }

        if (_slots.FreeCount < parts)
        {
            dropped.Add(hash);
            return;
        }

        // All are taken before one is given back, lest a part take the place of another. The last is the first to be known.
        var next = -1;
        for (var part = parts - 1; part >= 0; part--)
        {
            var slot = _slots.Take();
            if (_hashOf[slot] is { } old)
            {
                Forget(old);
                dropped.Add(old);
            }

            _copies.Add(new KvCopy(kind, from, Slot(slot), Offset: (long)part * _blockBytes));
            (_hashOf[slot], _next[slot]) = (hash, next);
            next = slot;
        }

        _slotOf[hash] = next;
        LetGo(hash);
    }

    private long Load(BlockHash hash, KvCopyKind kind, int into)
    {
        if (!_slotOf.TryGetValue(hash, out var first))
        {
            return 0;
        }

        Touch(hash);
        var (last, offset) = (0L, 0L);
        for (var slot = first; slot >= 0; slot = _next[slot], offset += _blockBytes)
        {
            last = _copies.Add(new KvCopy(kind, into, Slot(slot), Offset: offset));
        }

        return last;
    }

    /// <summary>A part of some content is taken: what is left of it is of no use.</summary>
    private void Forget(BlockHash hash)
    {
        _slotOf.Remove(hash, out var first);
        for (var slot = first; slot >= 0; slot = _next[slot])
        {
            _hashOf[slot] = null;
            if (_slots.References(slot) == 0)
            {
                _slots.Move(slot, KvWorth.Nothing);
            }
        }
    }

    private void Touch(BlockHash hash)
    {
        Hold(hash);
        LetGo(hash);
    }
}
