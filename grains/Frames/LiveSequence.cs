namespace Crescent.Grains.Frames;

/// <summary>A sequence that a device has taken and not yet ended; the engine carries it as the request's link.</summary>
internal sealed class LiveSequence(StreamTicket ticket, FrameLink link, int firstOffset, int promptTokens, double promptSeconds, int blocks)
{
    /// <summary>Also the request's id at the engine.</summary>
    public StreamTicket Ticket { get; } = ticket;

    /// <summary>Where its outputs go.</summary>
    public FrameLink Link { get; } = link;

    /// <summary>Output tokens of the stream before this attempt.</summary>
    public int FirstOffset { get; } = firstOffset;

    /// <summary>Tokens of its prompt that no cache is taken to hold.</summary>
    public int PromptTokens { get; } = promptTokens;

    /// <summary>What they take at full clock, s.</summary>
    public double PromptSeconds { get; } = promptSeconds;

    /// <summary>KV blocks it takes at its longest.</summary>
    public int Blocks { get; } = blocks;

    /// <summary>Makes its spans; null where it is not traced.</summary>
    public SequenceTrace? Trace { get; init; }

    /// <summary>True once its first token is out. Written by the engine's thread only.</summary>
    public bool Started { get; set; }
}
