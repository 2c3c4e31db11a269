using System.Buffers.Binary;
using System.Text;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Frames;

/// <summary>
/// Collects the records of a frame. A record is, little endian: its length in bytes (4), this number included, ticket (8), offset (4), token (4), length of
/// the text in bytes (3), finish reason (1, its highest bit set when logprobs follow, the next when an embedding does), text; logprobs are that of the
/// token (4), the count of alternatives (1) and for each its token (4) and logprob (4); an embedding is its count of floats (4) and the
/// floats (4 each); an ended sequence adds prompt tokens, output tokens and cached tokens (4 each), queue, prefill and decode time in ticks
/// (8 each), joules (8), length of the error in bytes (4, -1 for none), source of the joules (1, its highest bit set when they are
/// simulated), error. What a later version adds stands at the end of a record, where an earlier reader passes over it; a change of what is there is
/// another <see cref="Version"/>.
/// </summary>
internal sealed class FrameBuffer
{
    /// <summary>Of the records' layout.</summary>
    public const int Version = 1;

    internal const int HeaderBytes = 24;
    internal const int UsageBytes = 49;
    internal const byte IsSimulated = 0x80;
    internal const uint HasLogprobs = 0x80;
    internal const uint HasEmbedding = 0x40;
    internal const int MaxTextBytes = (1 << 24) - 1;

    /// <summary>By their number in a record.</summary>
    internal static readonly string[] EnergySources = [PowerSource.Model, PowerSource.Rapl, PowerSource.Nvml];

    private byte[] _bytes = new byte[4096];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>
    /// Adds an output; allocates only to grow.
    /// </summary>
    /// <param name="ticket">Whose output.</param>
    /// <param name="offset">Its offset in the whole stream.</param>
    /// <param name="output">What the engine gave.</param>
    public void Append(StreamTicket ticket, int offset, in SequenceOutput output)
    {
        var error = output.Error ?? "";
        var logprobs = output.Logprobs;
        var embedding = output.Embedding;
        var most = HeaderBytes + UsageBytes + (logprobs is null ? 0 : 5 + (8 * logprobs.TopTokens.Count))
            + (embedding is null ? 0 : 4 + (4 * embedding.Length)) + Encoding.UTF8.GetMaxByteCount(output.Text.Length) + Encoding.UTF8.GetMaxByteCount(error.Length);
        if (_bytes.Length - Length < most)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + most));
        }

        var start = Length;
        var record = _bytes.AsSpan(start);
        BinaryPrimitives.WriteInt64LittleEndian(record[4..], ticket.Value);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], offset);
        BinaryPrimitives.WriteInt32LittleEndian(record[16..], output.Token);
        var text = Encoding.UTF8.GetBytes(output.Text, record[HeaderBytes..]);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text, MaxTextBytes);
        var flags = (logprobs is null ? 0 : HasLogprobs) | (embedding is null ? 0 : HasEmbedding);
        BinaryPrimitives.WriteUInt32LittleEndian(record[20..], (uint)text | (((uint)output.Finish | flags) << 24));
        Length += HeaderBytes + text;
        if (logprobs is not null)
        {
            Append(logprobs);
        }

        if (embedding is not null)
        {
            Append(embedding);
        }

        if (output.Finish != FinishReason.None)
        {
            AppendEnd(output.Usage, output.Error);
        }

        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(start), Length - start);
    }

    private void Append(TokenLogprobs logprobs)
    {
        var rest = _bytes.AsSpan(Length);
        BinaryPrimitives.WriteSingleLittleEndian(rest, logprobs.Chosen);
        rest[4] = (byte)logprobs.TopTokens.Count;
        Length += 5;
        for (var i = 0; i < logprobs.TopTokens.Count; i++, Length += 8)
        {
            rest = _bytes.AsSpan(Length);
            BinaryPrimitives.WriteInt32LittleEndian(rest, logprobs.TopTokens[i]);
            BinaryPrimitives.WriteSingleLittleEndian(rest[4..], logprobs.TopLogprobs[i]);
        }
    }

    private void Append(float[] embedding)
    {
        var rest = _bytes.AsSpan(Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest, embedding.Length);
        for (var i = 0; i < embedding.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(rest[(4 + (4 * i))..], embedding[i]);
        }

        Length += 4 + (4 * embedding.Length);
    }

    private void AppendEnd(SequenceUsage? usage, string? error)
    {
        var end = _bytes.AsSpan(Length);
        BinaryPrimitives.WriteInt32LittleEndian(end, usage?.PromptTokens ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(end[4..], usage?.OutputTokens ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(end[8..], usage?.CachedTokens ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(end[12..], usage?.QueueTime.Ticks ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(end[20..], usage?.PrefillTime.Ticks ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(end[28..], usage?.DecodeTime.Ticks ?? 0);
        BinaryPrimitives.WriteDoubleLittleEndian(end[36..], usage?.Joules ?? 0);
        var bytes = error is null ? -1 : Encoding.UTF8.GetBytes(error, end[UsageBytes..]);
        BinaryPrimitives.WriteInt32LittleEndian(end[44..], bytes);
        end[48] = (byte)(Math.Max(0, Array.IndexOf(EnergySources, usage?.EnergySource)) | (usage is { Simulated: true } ? IsSimulated : 0));
        Length += UsageBytes + Math.Max(0, bytes);
    }
}
