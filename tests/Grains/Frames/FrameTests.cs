using System.Buffers.Binary;
using System.Text;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using CsCheck;

namespace Crescent.Tests.Grains.Frames;

public sealed class FrameTests
{
    private static readonly Gen<SequenceOutput> AnyOutput =
        from offset in Gen.Int[0, int.MaxValue]
        from token in Gen.Int[-1, 200_000]
        from text in Gen.OneOf(Gen.Const(""), Gen.String.AlphaNumeric, Gen.Const("grün 漢字 🙂"), Gen.String[Gen.Char.AlphaNumeric, 5_000, 9_000])
        from finish in Gen.Enum<FinishReason>()
        from error in Gen.OneOf(Gen.Const((string?)null), Gen.Const((string?)""), Gen.Const((string?)"the device has füled"))
        from embedding in Gen.OneOf(Gen.Const((float[]?)null), Gen.Single.Array[0, 50].Select(static values => (float[]?)values))
        select Records.Output(offset, token, text, finish, finish == FinishReason.None ? null : error) with { Embedding = embedding };

    [Fact]
    public void What_is_written_is_read() => AnyOutput.Array[0, 40].Sample(outputs =>
    {
        var ticket = new StreamTicket(StreamTicket.NewStream(), 3);
        var reader = new FrameReader(Records.Frame(ticket, outputs).Written.Span);
        foreach (var output in outputs)
        {
            Assert.True(reader.TryRead(out var record));
            Assert.Equal(ticket, record.Ticket);
            Assert.Equal((output.Offset, output.Token, output.Finish), (record.Offset, record.Token, record.Finish));
            Assert.Equal(output.Text, Encoding.UTF8.GetString(record.Text));
            Assert.Equal(output.Usage, record.Usage);
            Assert.Equal(output.Error, record.Error);
            Assert.Equal(output.Embedding, record.Embedding);
        }

        Assert.False(reader.TryRead(out _));
    });

    [Fact]
    public void A_frame_that_is_cut_off_says_so_wherever_it_is_cut()
    {
        var frame = Records.Frame(new StreamTicket(256, 1), Records.Output(0, 7, "text", FinishReason.Error, "error") with { Embedding = [1, 2] }).Written;
        for (var length = 1; length < frame.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => new FrameReader(frame.Span[..length]).TryRead(out _));
        }
    }

    [Fact]
    public void What_a_later_version_puts_at_the_end_of_a_record_is_passed_over()
    {
        var ticket = new StreamTicket(256, 1);
        var written = Records.Frame(ticket, Records.Output(0, 7, "text", FinishReason.Stop)).Written.ToArray();
        byte[] longer = [.. written, 1, 2, 3, .. Records.Frame(ticket, Records.Output(1, 8, "more")).Written.Span];
        BinaryPrimitives.WriteInt32LittleEndian(longer, written.Length + 3);
        var reader = new FrameReader(longer);
        Assert.True(reader.TryRead(out var record));
        Assert.Equal((7, FinishReason.Stop, Records.Usage), (record.Token, record.Finish, record.Usage));
        Assert.True(reader.TryRead(out record));
        Assert.Equal((8, "more"), (record.Token, Encoding.UTF8.GetString(record.Text)));
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void An_end_for_a_reason_that_is_not_known_is_a_failure_of_the_attempt()
    {
        var frame = Records.Frame(new StreamTicket(256, 1), Records.Output(0, -1, "", FinishReason.Error, "why")).Written.ToArray();
        frame[23] = 40;
        new FrameReader(frame).TryRead(out var record);
        Assert.Equal(FinishReason.Error, record.Finish);
        Assert.Contains("40", record.Error, StringComparison.Ordinal);
        Assert.Contains("why", record.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_warm_buffer_takes_outputs_without_allocating()
    {
        var frame = new FrameBuffer();
        var output = Records.Output(1, 2, "some text");
        Fill();
        frame.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Fill()
        {
            for (var i = 0; i < 1000; i++)
            {
                frame.Append(new StreamTicket(256, 1), i, output);
            }
        }
    }

    [Fact]
    public void A_ticket_keeps_its_stream_and_attempt_apart()
    {
        var stream = StreamTicket.NewStream();
        var ticket = new StreamTicket(stream, StreamTicket.MaxAttempts);
        Assert.Equal(stream, ticket.Stream);
        Assert.Equal(StreamTicket.MaxAttempts, ticket.Attempt);
        Assert.NotEqual(ticket, new StreamTicket(stream, 1));
        Assert.True(stream > 0);
        Assert.Equal(StreamTicket.CurrentVersion, stream >> 60);
        Assert.NotEqual(stream, new StreamTicket(stream + (1L << 60), 1).Stream);
    }
}
