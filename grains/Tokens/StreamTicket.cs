namespace Crescent.Grains.Tokens;

/// <summary>
/// Names one attempt at one stream, in the whole cluster. The attempt is a part of it, so a late frame of an attempt whose device was
/// given up is told from the frames of the one that replaced it.
/// </summary>
/// <param name="Value">Stream number in the upper 55 bits, attempt in the lower 8; the request id at the engine.</param>
public readonly record struct StreamTicket(long Value)
{
    /// <summary>Attempts that a stream can have.</summary>
    public const int MaxAttempts = 255;

    public StreamTicket(long stream, int attempt)
        : this(stream | (uint)attempt)
    {
    }

    /// <summary>The stream: its lower 8 bits are zero.</summary>
    public long Stream => Value & ~0xFFL;

    /// <summary>1 and up.</summary>
    public int Attempt => (int)(Value & 0xFF);

    /// <summary>A stream number that no other front end uses either: random.</summary>
    public static long NewStream() => Random.Shared.NextInt64(1, 1L << 55) << 8;
}
