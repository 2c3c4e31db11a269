using System.Buffers.Binary;
using System.Text;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Frames;

/// <summary>Reads the records of a frame in order; the layout stands at <see cref="FrameBuffer"/>.</summary>
public ref struct FrameReader(ReadOnlySpan<byte> records)
{
    private ReadOnlySpan<byte> _frame = records;

    // Of the record in hand.
    private ReadOnlySpan<byte> _rest;

    /// <summary>
    /// Reads the next record.
    /// </summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">The frame ends within a record.</exception>
    public bool TryRead(out FrameRecord record)
    {
        if (_frame.IsEmpty)
        {
            record = default;
            return false;
        }

        // What a later version has put at its end is passed over.
        _rest = _frame;
        var length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        if (length < FrameBuffer.HeaderBytes || length > _frame.Length)
        {
            throw new InvalidDataException($"A token frame has a record of {length} bytes in its last {_frame.Length}.");
        }

        _rest = _frame[..length];
        _frame = _frame[length..];
        var header = Take(FrameBuffer.HeaderBytes)[4..];
        var lengths = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        var text = Take((int)(lengths & FrameBuffer.MaxTextBytes));
        var finish = (FinishReason)((lengths >> 24) & ~(FrameBuffer.HasLogprobs | FrameBuffer.HasEmbedding));
        var logprobs = (lengths >> 24 & FrameBuffer.HasLogprobs) == 0 ? null : ReadLogprobs();
        var embedding = (lengths >> 24 & FrameBuffer.HasEmbedding) == 0 ? null : ReadEmbedding();
        var usage = default(SequenceUsage);
        var error = default(string);
        if (finish != FinishReason.None)
        {
            (usage, error) = ReadEnd();
            if (!Enum.IsDefined(finish))
            {
                (finish, error) = (FinishReason.Error, $"its device ended it for a reason that is not known here ({(int)finish}): {error}");
            }
        }

        record = new FrameRecord
        {
            Ticket = new StreamTicket(BinaryPrimitives.ReadInt64LittleEndian(header)),
            Offset = BinaryPrimitives.ReadInt32LittleEndian(header[8..]),
            Token = BinaryPrimitives.ReadInt32LittleEndian(header[12..]),
            Text = text,
            Finish = finish,
            Usage = usage,
            Error = error,
            Logprobs = logprobs,
            Embedding = embedding,
        };
        return true;
    }

    private TokenLogprobs ReadLogprobs()
    {
        var head = Take(5);
        var tokens = new int[head[4]];
        var values = new float[head[4]];
        for (var i = 0; i < tokens.Length; i++)
        {
            var entry = Take(8);
            tokens[i] = BinaryPrimitives.ReadInt32LittleEndian(entry);
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(entry[4..]);
        }

        return new TokenLogprobs(BinaryPrimitives.ReadSingleLittleEndian(head), tokens, values);
    }

    private float[] ReadEmbedding()
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        var values = Take(checked(4 * count));
        var embedding = new float[count];
        for (var i = 0; i < count; i++)
        {
            embedding[i] = BinaryPrimitives.ReadSingleLittleEndian(values[(4 * i)..]);
        }

        return embedding;
    }

    private (SequenceUsage Usage, string? Error) ReadEnd()
    {
        var end = Take(FrameBuffer.UsageBytes);
        var source = end[48] & ~FrameBuffer.IsSimulated;
        var usage = new SequenceUsage(
            BinaryPrimitives.ReadInt32LittleEndian(end),
            BinaryPrimitives.ReadInt32LittleEndian(end[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(end[8..]),
            new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(end[12..])),
            new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(end[20..])),
            new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(end[28..])),
            BinaryPrimitives.ReadDoubleLittleEndian(end[36..]))
        {
            EnergySource = source < FrameBuffer.EnergySources.Length ? FrameBuffer.EnergySources[source] : "unknown",
            Simulated = (end[48] & FrameBuffer.IsSimulated) != 0,
        };
        var length = BinaryPrimitives.ReadInt32LittleEndian(end[44..]);
        return (usage, length < 0 ? null : Encoding.UTF8.GetString(Take(length)));
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw new InvalidDataException($"A token frame ends {length - _rest.Length} bytes too early.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
