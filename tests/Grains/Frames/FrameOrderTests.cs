using Crescent.Grains.Frames;
using CsCheck;

namespace Crescent.Tests.Grains.Frames;

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

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void A_new_link_begins_anew_whatever_its_number_and_whatever_still_comes_over_the_old_one(long old, long now) =>
        Assert.Equal([0, 1, 0, 1, 2], Take((old, 0), (now, 1), (old, 1), (now, 0), (now, 2)));

    [Fact]
    public void Links_are_forgotten_that_were_used_longest_ago()
    {
        var others = Enumerable.Range(10, FrameOrder.MaxLinks - 1).Select(static link => ((long)link, 0L));
        Assert.Equal(FrameOrder.MaxLinks, Take([(1, 0), .. others, (1, 0)]).Count);
        Assert.Equal(FrameOrder.MaxLinks + 2, Take([(1, 0), .. others, (2, 0), (1, 0)]).Count);
    }

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
