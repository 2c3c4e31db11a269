using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Engine.Sampling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Kept;

/// <summary>
/// The chunks of an answer as bytes, in the order in which they came. A record is a varint of its length, then: the choice; the count of tokens and the
/// tokens; the length of the text and the text in UTF-8; the count of logprobs, and for each the token's own (float, little-endian), the count of the
/// likeliest, and theirs with their tokens; the length of the end and the end, as JSON. Numbers are varints; what stands behind is passed over.
/// </summary>
internal static class KeptRecords
{
    /// <summary>Of this form. Later versions may add behind the end; another form is another version.</summary>
    public const int Version = 1;

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    /// <summary>Appends a chunk.</summary>
    public static void Write(ArrayBufferWriter<byte> to, int choice, in GenerationChunk chunk)
    {
        var record = new ArrayBufferWriter<byte>(64);
        WriteNumber(record, choice);
        WriteNumber(record, chunk.Tokens.Count);
        foreach (var token in chunk.Tokens)
        {
            WriteNumber(record, token);
        }

        WriteNumber(record, chunk.Utf8.Length);
        record.Write(chunk.Utf8.Span);
        WriteNumber(record, chunk.Logprobs?.Count ?? 0);
        foreach (var logprobs in chunk.Logprobs ?? [])
        {
            WriteFloat(record, logprobs.Chosen);
            WriteNumber(record, logprobs.TopTokens.Count);
            for (var i = 0; i < logprobs.TopTokens.Count; i++)
            {
                WriteNumber(record, logprobs.TopTokens[i]);
                WriteFloat(record, logprobs.TopLogprobs[i]);
            }
        }

        var end = chunk.FinishReason is null ? [] : JsonSerializer.SerializeToUtf8Bytes(new End(chunk.FinishReason, chunk.Usage, chunk.Cut), Json);
        WriteNumber(record, end.Length);
        record.Write(end);
        WriteNumber(to, record.WrittenCount);
        to.Write(record.WrittenSpan);
    }

    /// <summary>Takes the next chunk off <paramref name="bytes"/>, if it is whole.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, out int choice, out GenerationChunk chunk)
    {
        var rest = bytes;
        if (!TryReadNumber(ref rest, out var length) || length > rest.Length)
        {
            (choice, chunk) = (0, default);
            return false;
        }

        bytes = rest[length..];
        rest = rest[..length];
        choice = ReadNumber(ref rest);
        var tokens = new int[ReadCount(ref rest)];
        for (var i = 0; i < tokens.Length; i++)
        {
            tokens[i] = ReadNumber(ref rest);
        }

        var text = Take(ref rest, ReadCount(ref rest)).ToArray();
        var logprobs = ReadLogprobs(ref rest);
        var end = ReadCount(ref rest) is > 0 and var size ? JsonSerializer.Deserialize<End>(Take(ref rest, size), Json) : null;
        chunk = new GenerationChunk(tokens, text, end?.Reason, end?.Usage, logprobs, end?.Cut);
        return true;
    }

    private static TokenLogprobs[]? ReadLogprobs(ref ReadOnlySpan<byte> bytes)
    {
        var count = ReadCount(ref bytes);
        if (count == 0)
        {
            return null;
        }

        var all = new TokenLogprobs[count];
        for (var i = 0; i < count; i++)
        {
            var chosen = ReadFloat(ref bytes);
            var tokens = new int[ReadCount(ref bytes)];
            var logprobs = new float[tokens.Length];
            for (var top = 0; top < tokens.Length; top++)
            {
                tokens[top] = ReadNumber(ref bytes);
                logprobs[top] = ReadFloat(ref bytes);
            }

            all[i] = new TokenLogprobs(chosen, tokens, logprobs);
        }

        return all;
    }

    private static void WriteNumber(ArrayBufferWriter<byte> to, int value)
    {
        var span = to.GetSpan(5);
        var length = 0;
        var left = (uint)value;
        for (; left >= 0x80; left >>= 7)
        {
            span[length++] = (byte)(left | 0x80);
        }

        span[length++] = (byte)left;
        to.Advance(length);
    }

    private static void WriteFloat(ArrayBufferWriter<byte> to, float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(to.GetSpan(sizeof(float)), value);
        to.Advance(sizeof(float));
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, out int value)
    {
        var read = 0u;
        for (var i = 0; i < bytes.Length && i < 5; i++)
        {
            read |= (uint)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                value = (int)read;
                return value >= 0 ? true : throw Damaged();
            }
        }

        value = 0;
        return bytes.Length < 5 ? false : throw Damaged();
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> bytes) => TryReadNumber(ref bytes, out var value) ? value : throw Damaged();

    // Whatever is counted takes a byte at least.
    private static int ReadCount(ref ReadOnlySpan<byte> bytes) => ReadNumber(ref bytes) is var count && count <= bytes.Length ? count : throw Damaged();

    private static float ReadFloat(ref ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadSingleLittleEndian(Take(ref bytes, sizeof(float)));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        if (count > bytes.Length)
        {
            throw Damaged();
        }

        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    private static InvalidDataException Damaged() => new($"The records of a kept answer cannot be read as version {Version}.");

    /// <summary>With the last chunk of a choice.</summary>
    private sealed record End(string Reason, ChatUsage? Usage, string? Cut);
}
