using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crescent.Control.Kv;

/// <summary>
/// Rows of <paramref name="width"/> words each, cut from large arrays, so that a million of them cost the collector nothing. Rows given
/// back are chained through their own first word and handed out again; a new slab has no array at all.
/// </summary>
/// <param name="width">Words of 64 bits in a row; 1 to 32,768.</param>
internal sealed class Slab(int width)
{
    private const int ChunkWords = 1 << 15;

    private readonly List<ulong[]> _chunks = [];
    private readonly int _shift = int.Log2(ChunkWords / width);
    private uint _made;

    // The row given back last, plus one; 0 for none.
    private uint _free;

    /// <summary>Words in a row.</summary>
    public int Width => width;

    /// <summary>The words of <paramref name="row"/>.</summary>
    public Span<ulong> this[uint row] =>
        MemoryMarshal.CreateSpan(ref First(row), width);

    /// <summary>The first word of <paramref name="row"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong First(uint row)
    {
        var chunk = CollectionsMarshal.AsSpan(_chunks)[(int)(row >> _shift)];
        return ref chunk[(row & ((1u << _shift) - 1)) * (uint)width];
    }

    /// <summary>A row with anything in it.</summary>
    public uint Rent()
    {
        if (_free != 0)
        {
            var row = _free - 1;
            _free = (uint)First(row);
            return row;
        }

        if (_made >> _shift == _chunks.Count)
        {
            _chunks.Add(GC.AllocateUninitializedArray<ulong>(width << _shift));
        }

        return _made++;
    }

    /// <summary>Takes <paramref name="row"/> back.</summary>
    public void Return(uint row)
    {
        First(row) = _free;
        _free = row + 1;
    }
}
