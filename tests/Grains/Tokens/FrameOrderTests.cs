using Crescent.Grains.Tokens;
using CsCheck;

namespace Crescent.Tests.Grains.Tokens;

public sealed class FrameOrderTests
{
    [Fact]
    public void Frames_are_taken_in_order_in_whichever_they_come() => Gen.Shuffle(Enumerable.Range(0, 12).ToArray()).Sample(arrivals =>
    {
        var order = new FrameOrder();
        var taken = new List<byte>();
        foreach (var number in arrivals)
        {
            // The sender uses the buffer again after each answer.
            var buffer = new[] { (byte)number };
            order.Take(new TokenFrame("silo/device", 5, number, buffer), records => taken.Add(records.Span[0]));
            buffer[0] = 255;
        }

        Assert.Equal(Enumerable.Range(0, 12).Select(static n => (byte)n), taken);
    });

    [Fact]
    public void A_frame_that_comes_twice_is_taken_once() => Assert.Equal([0, 1, 2], Take((1, 0), (1, 0), (1, 2), (1, 2), (1, 1), (1, 2)));

    [Fact]
    public void A_new_link_begins_anew_and_the_old_one_is_dropped() =>
        Assert.Equal([0, 2, 3], Take((1, 0), (2, 1), (1, 1), (2, 0)).Select(static (n, i) => i == 0 ? n : n + 2));

    private static List<int> Take(params (long Link, long Number)[] frames)
    {
        var order = new FrameOrder();
        var taken = new List<int>();
        foreach (var (link, number) in frames)
        {
            order.Take(new TokenFrame("silo/device", link, number, new[] { (byte)number }), records => taken.Add(records.Span[0]));
        }

        return taken;
    }
}
