namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// How the keys or values of one head lie in a page of 16 positions, and how queries meet them there. Head sizes given here are
/// multiples of 16.
/// </summary>
internal unsafe interface IKvFormat
{
    /// <summary>Whether bytes mean something else from place to place in a page, so that those of a page of another size may be no numbers.</summary>
    static abstract bool HasScales { get; }

    /// <summary>Bytes of a page of keys, and of one of values.</summary>
    static abstract int PageBytes(int headSize);

    /// <summary>Writes the key (headSize) of position <paramref name="slot"/>, 0 to 15.</summary>
    static abstract void StoreKey(byte* page, int slot, float* key, int headSize);

    /// <summary>Writes the value (headSize) of position <paramref name="slot"/>, 0 to 15.</summary>
    static abstract void StoreValue(byte* page, int slot, float* value, int headSize);

    /// <summary>The scores of queries against a page: see <see cref="AttentionKernels{TLanes, TElement}.Scores"/>. <paramref name="scratch"/> has room for a page of floats.</summary>
    static abstract void Scores(float* q, int rows, byte* page, float* scratch, int headSize, float* scores, int stride);

    /// <summary>Adds weighted values of a page: see <see cref="AttentionKernels{TLanes, TElement}.Accumulate"/>. <paramref name="scratch"/> has room for a page of floats.</summary>
    static abstract void Accumulate(float* weights, int stride, int rows, byte* page, float* scratch, int headSize, float* output);
}
