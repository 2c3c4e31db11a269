namespace Crescent.Grains.Frames;

/// <summary>
/// Names one attempt at one stream, in the whole cluster. The attempt is a part of it, so a late frame of an attempt whose device was
/// given up is told from the frames of the one that replaced it.
/// </summary>
/// <param name="Value">Version of the ticket's form in the upper 3 bits below the sign, stream number in the next 52, attempt in the lower 8; the request id at the engine.</param>
public readonly record struct StreamTicket(long Value)
{
    /// <summary>Of the form of tickets. A ticket of another form is that of no stream here, so that what comes under it is answered as unwanted.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Attempts that a stream can have.</summary>
    public const int MaxAttempts = 255;

    private const int VersionShift = 60;

    public StreamTicket(long stream, int attempt)
        : this(stream | (uint)attempt)
    {
    }

    /// <summary>The stream, the version included: its lower 8 bits are zero.</summary>
    public long Stream => Value & ~0xFFL;

    /// <summary>1 and up.</summary>
    public int Attempt => (int)(Value & 0xFF);

    /// <summary>A stream number that no other front end uses either: random.</summary>
    public static long NewStream() => ((long)CurrentVersion << VersionShift) | (Random.Shared.NextInt64(1, 1L << (VersionShift - 8)) << 8);
}
