using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Frames;

/// <summary>Makes outputs and frames for the tests of the token path.</summary>
internal static class Records
{
    public static readonly SequenceUsage Usage =
        new(3, 4, 1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), 5.5);

    public static SequenceOutput Output(int offset, int token, string text = "", FinishReason finish = FinishReason.None, string? error = null, SequenceUsage? usage = null) =>
        new(new InferenceRequest { Id = 1, Prompt = [1], MaxTokens = 1 }, offset, token, text, finish, finish == FinishReason.None ? null : usage ?? Usage, error);

    public static FrameBuffer Frame(StreamTicket ticket, params SequenceOutput[] outputs)
    {
        var frame = new FrameBuffer();
        foreach (var output in outputs)
        {
            frame.Append(ticket, output.Offset, output);
        }

        return frame;
    }

    /// <summary>Gives the outputs to the stream as a frame would.</summary>
    /// <returns>Whether it took the last one.</returns>
    public static bool Give(this TokenStream stream, StreamTicket ticket, params SequenceOutput[] outputs)
    {
        var reader = new FrameReader(Frame(ticket, outputs).Written.Span);
        var taken = false;
        while (reader.TryRead(out var record))
        {
            taken = stream.Accept(record);
        }

        return taken;
    }
}
