namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// How the keys or values of one head lie in a page of 16 positions. Head sizes given here are multiples of 16.
/// </summary>
internal unsafe interface IKvFormat
{
    /// <summary>Bytes of a page of keys, and of one of values.</summary>
    static abstract int PageBytes(int headSize);

    /// <summary>Writes the key (headSize) of position <paramref name="slot"/>, 0 to 15.</summary>
    static abstract void StoreKey(byte* page, int slot, float* key, int headSize);

    /// <summary>Writes the value (headSize) of position <paramref name="slot"/>, 0 to 15.</summary>
    static abstract void StoreValue(byte* page, int slot, float* value, int headSize);

    /// <summary>Reads a page of keys as (16, headSize): dimension d of position p at 16 d + p.</summary>
    static abstract void LoadKeys(byte* page, float* keys, int headSize);

    /// <summary>Reads a page of values as (headSize, 16): dimension d of position p at headSize p + d.</summary>
    static abstract void LoadValues(byte* page, float* values, int headSize);
}
