namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The 256 bytes in as few ranges as the edges of a network need to tell apart, so that a state's table of next states has an entry
/// a range instead of one a byte. Ranges are numbered in the order of their bytes.
/// </summary>
internal sealed class ByteClasses
{
    private readonly byte[] _classes = new byte[256];

    public ByteClasses(ReadOnlySpan<CompactNetwork.Edge> edges)
    {
        Span<bool> begins = stackalloc bool[257];
        foreach (var edge in edges)
        {
            begins[edge.Low] = true;
            begins[edge.High + 1] = true;
        }

        for (var value = 1; value < 256; value++)
        {
            Count += begins[value] ? 1 : 0;
            _classes[value] = (byte)Count;
        }

        Count++;
    }

    /// <summary>Ranges, 1 to 256.</summary>
    public int Count { get; }

    /// <summary>The range of a byte.</summary>
    public int this[byte value] => _classes[value];
}
