using Crescent.Engine.Devices.Cpu.Memory;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Partial softmaxes of chunks that different threads computed, until they are blended: (headSize + 2, chunks, heads, tokens),
/// each padded to whole cache lines. Memory is taken only where a context is long enough to touch it.
/// </summary>
internal sealed unsafe class ChunkPartials : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly int _heads;
    private readonly int _chunks;
    private readonly int _stride;

    public ChunkPartials(int tokens, int heads, int headSize, int maxContext)
    {
        Tokens = tokens;
        _heads = heads;
        _chunks = (maxContext + AttentionScratch.Chunk - 1) / AttentionScratch.Chunk;
        _stride = NativeBuffer.RoundUp(headSize + 2, 16);
        _memory = NativeBuffer.OfFloats((long)tokens * heads * _chunks * _stride);
    }

    /// <summary>Tokens there is room for.</summary>
    public int Tokens { get; }

    /// <summary>Keeps the chunk at hand of row <paramref name="row"/> of a thread.</summary>
    public void Save(int token, int head, int chunk, AttentionScratch scratch, int row) => scratch.SaveChunk(row, At(token, head, chunk));

    /// <summary>Makes a kept chunk the one at hand of row 0 of a thread.</summary>
    public void Restore(int token, int head, int chunk, AttentionScratch scratch) => scratch.RestoreChunk(At(token, head, chunk));

    public void Dispose() => _memory.Dispose();

    private float* At(int token, int head, int chunk) =>
        _memory.Floats + (((((long)token * _heads) + head) * _chunks) + chunk) * _stride;
}
