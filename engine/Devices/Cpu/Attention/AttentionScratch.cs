using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// One thread's working memory in attention, and the running softmax of the rows it is at: for each row the maximum m, the sum l of
/// exp(score - m) and the sum of exp(score - m) * value, both for the chunk at hand and for all chunks so far.
/// </summary>
internal sealed unsafe class AttentionScratch : IDisposable
{
    /// <summary>Positions in a chunk.</summary>
    public const int Chunk = 128;

    /// <summary>Query rows of a tile, where a group is not already more.</summary>
    public const int WantedRows = 32;

    private readonly NativeBuffer _memory;
    private readonly float* _sums; // (headSize, rows)
    private readonly float* _maximum; // (rows)
    private readonly float* _total; // (rows)
    private readonly float* _chunkMaximum; // (rows)
    private readonly float* _chunkTotal; // (rows)
    private int _headSize;

    /// <summary>Room for <paramref name="rows"/> rows of heads of at most <paramref name="headSize"/>, a multiple of 16.</summary>
    public AttentionScratch(int rows, int headSize)
    {
        rows = NativeBuffer.RoundUp(rows, 16);
        _headSize = headSize;
        _memory = NativeBuffer.OfFloats((rows * (Chunk + (3L * headSize) + 4)) + (KvPage.Slots * headSize) + (2 * headSize));
        var next = _memory.Floats;
        Queries = Take(rows * headSize);
        Scores = Take(rows * Chunk);
        ChunkSums = Take(rows * headSize);
        _sums = Take(rows * headSize);
        Page = Take(KvPage.Slots * headSize);
        Row = Take(2 * headSize);
        _maximum = Take(rows);
        _total = Take(rows);
        _chunkMaximum = Take(rows);
        _chunkTotal = Take(rows);

        float* Take(int count)
        {
            var taken = next;
            next += count;
            return taken;
        }
    }

    /// <summary>(headSize, rows).</summary>
    public float* Queries { get; }

    /// <summary>(128, rows): scores, then their exponentials.</summary>
    public float* Scores { get; }

    /// <summary>(headSize, rows): sums of values weighted by the exponentials of the chunk.</summary>
    public float* ChunkSums { get; }

    /// <summary>(headSize, 16) or (16, headSize): the page at hand as floats.</summary>
    public float* Page { get; }

    /// <summary>(headSize, 2): any two rows.</summary>
    public float* Row { get; }

    /// <summary>Begins a layer with heads of <paramref name="headSize"/>, a multiple of 16.</summary>
    public void Begin(int headSize) => _headSize = headSize;

    /// <summary>Begins the running softmax of the first <paramref name="rows"/> rows.</summary>
    public void ClearSums(int rows)
    {
        new Span<float>(_sums, rows * _headSize).Clear();
        new Span<float>(_total, rows).Clear();
        new Span<float>(_maximum, rows).Fill(float.NegativeInfinity);
    }

    /// <summary>Begins a chunk.</summary>
    public void ClearChunk(int rows) => new Span<float>(ChunkSums, NativeBuffer.RoundUp(rows, 4) * _headSize).Clear();

    /// <summary>
    /// Turns the scores of a row from <paramref name="first"/> to before <paramref name="end"/> into exponentials and all others, up to
    /// <paramref name="padded"/>, into zeros.
    /// </summary>
    public void Exponentiate<TLanes>(int row, int first, int end, int padded)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var scores = Scores + (row * Chunk);
        if (end <= first)
        {
            new Span<float>(scores, padded).Clear();
            (_chunkMaximum[row], _chunkTotal[row]) = (float.NegativeInfinity, 0);
            return;
        }

        (_chunkMaximum[row], _chunkTotal[row]) = VectorMath<TLanes>.Exponentiate(scores, first, end, padded);
    }

    /// <summary>Takes a score that has no value into the running softmax of a row.</summary>
    public void BlendSink<TLanes>(int row, float sink)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var maximum = MathF.Max(_maximum[row], sink);
        var keep = VectorMath<TLanes>.Exp(_maximum[row] - maximum);
        _maximum[row] = maximum;
        _total[row] = (_total[row] * keep) + VectorMath<TLanes>.Exp(sink - maximum);
        VectorMath<TLanes>.Multiply(_sums + (row * _headSize), keep, _sums + (row * _headSize), _headSize);
    }

    /// <summary>Takes the chunk at hand into the running softmax of a row.</summary>
    public void BlendChunk<TLanes>(int row)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (_chunkTotal[row] == 0)
            return;
        var maximum = MathF.Max(_maximum[row], _chunkMaximum[row]);
        var keep = VectorMath<TLanes>.Exp(_maximum[row] - maximum);
        var factor = VectorMath<TLanes>.Exp(_chunkMaximum[row] - maximum);
        _maximum[row] = maximum;
        _total[row] = (_total[row] * keep) + (_chunkTotal[row] * factor);
        VectorMath<TLanes>.Blend(ChunkSums + (row * _headSize), factor, _sums + (row * _headSize), keep, _headSize);
    }

    /// <summary>Writes the attention of a row: its weighted values over their total weight.</summary>
    public void WriteRow<TLanes>(int row, float* output, int count)
        where TLanes : unmanaged, ILanes<TLanes> =>
        VectorMath<TLanes>.Multiply(_sums + (row * _headSize), 1 / _total[row], output, count);

    /// <summary>Copies the chunk's part of a row to <paramref name="partial"/> (headSize + 2).</summary>
    public void SaveChunk(int row, float* partial)
    {
        new ReadOnlySpan<float>(ChunkSums + (row * _headSize), _headSize).CopyTo(new Span<float>(partial, _headSize));
        (partial[_headSize], partial[_headSize + 1]) = (_chunkMaximum[row], _chunkTotal[row]);
    }

    /// <summary>Makes <paramref name="partial"/> (headSize + 2) the chunk at hand of row 0.</summary>
    public void RestoreChunk(float* partial)
    {
        new ReadOnlySpan<float>(partial, _headSize).CopyTo(new Span<float>(ChunkSums, _headSize));
        (_chunkMaximum[0], _chunkTotal[0]) = (partial[_headSize], partial[_headSize + 1]);
    }

    public void Dispose() => _memory.Dispose();
}
