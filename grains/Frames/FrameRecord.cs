using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Frames;

/// <summary>One output of one sequence, as it lies in a frame.</summary>
public readonly ref struct FrameRecord
{
    /// <summary>Whose output.</summary>
    public StreamTicket Ticket { get; init; }

    /// <summary>Output tokens of the stream before this one, those of earlier attempts included.</summary>
    public int Offset { get; init; }

    /// <summary>The token, or -1 when the record only ends the stream.</summary>
    public int Token { get; init; }

    /// <summary>Text that became certain, in UTF-8.</summary>
    public ReadOnlySpan<byte> Text { get; init; }

    /// <summary>Why the sequence ended, or None.</summary>
    public FinishReason Finish { get; init; }

    /// <summary>With the end.</summary>
    public SequenceUsage? Usage { get; init; }

    /// <summary>Of the token, when the call asks for them.</summary>
    public TokenLogprobs? Logprobs { get; init; }

    /// <summary>With the end of a call that wants it.</summary>
    public float[]? Embedding { get; init; }

    /// <summary>With <see cref="FinishReason.Error"/>, Deadline and Refused.</summary>
    public string? Error { get; init; }
}
