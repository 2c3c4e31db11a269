using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Streams;
using Crescent.Tests.Grains.Frames;

namespace Crescent.Tests.Grains.Streams;

public sealed class TokenStreamTests
{
    private readonly TokenStream _stream = new(StreamTicket.NewStream(), maxTokens: 8, TimeProvider.System);

    [Fact]
    public void Tokens_and_text_are_read_once_and_in_order()
    {
        var ticket = _stream.BeginAttempt().Ticket;
        Assert.True(_stream.Give(ticket, Records.Output(0, 10, "a"), Records.Output(1, 11, "")));
        AssertRead([10, 11], "a");
        Assert.True(_stream.Give(ticket, Records.Output(2, 12, "bc", FinishReason.Stop)));
        var read = _stream.Read();
        Assert.Equal([12], read.Tokens);
        Assert.Equal("bc", read.Text);
        Assert.Equal(FinishReason.Stop, read.End!.Reason);
        Assert.Equal(Records.Usage, read.End.Usage);
    }

    [Fact]
    public void Taking_and_reading_a_token_allocates_nothing()
    {
        var stream = new TokenStream(StreamTicket.NewStream(), maxTokens: 4096, TimeProvider.System);
        var ticket = stream.BeginAttempt().Ticket;
        var frames = Enumerable.Range(0, 4000).Select(i => Records.Frame(ticket, Records.Output(i, i, "token"))).ToArray();
        Run(0, 3000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(3000, 4000);

        // The list of all its tokens has room for 4,096 by now.
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Run(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                var reader = new FrameReader(frames[i].Written.Span);
                reader.TryRead(out var record);
                stream.Accept(record);
                if (i % 2 == 1)
                {
                    var read = stream.Read();
                    if (read.Tokens.Count != 2 || read.Utf8.Length != 10)
                    {
                        throw new InvalidOperationException();
                    }
                }
            }
        }
    }

    [Fact]
    public void What_comes_twice_counts_once()
    {
        var ticket = _stream.BeginAttempt().Ticket;
        _stream.Give(ticket, Records.Output(0, 10, "a"), Records.Output(1, 11, "b"));
        Assert.True(_stream.Give(ticket, Records.Output(0, 10, "a"), Records.Output(1, 11, "b"), Records.Output(2, 12, "c")));
        AssertRead([10, 11, 12], "abc");
    }

    [Fact]
    public void A_gap_loses_the_attempt_and_keeps_what_was_before()
    {
        var ticket = _stream.BeginAttempt().Ticket;
        Assert.False(_stream.Give(ticket, Records.Output(0, 10, "a"), Records.Output(2, 12, "c")));
        var read = _stream.Read();
        Assert.Equal([10], read.Tokens);
        Assert.Contains("1 to 1", read.Lost, StringComparison.Ordinal);
        Assert.False(_stream.Give(ticket, Records.Output(1, 11, "b")));
        AssertRead([], "");
    }

    [Fact]
    public void A_late_frame_of_a_dead_attempt_is_dropped()
    {
        var first = _stream.BeginAttempt().Ticket;
        _stream.Give(first, Records.Output(0, 10, "a"));
        var (second, emitted) = _stream.BeginAttempt();
        Assert.Equal([10], emitted);
        Assert.False(_stream.Give(first, Records.Output(1, 99, "x")));
        Assert.True(_stream.Give(second, Records.Output(1, 11, "b")));
        AssertRead([10, 11], "ab");
    }

    [Theory]
    [InlineData(FinishReason.Cancelled, null, "cancelled")]
    [InlineData(FinishReason.Error, "the device failed", "the device failed")]
    public void A_device_that_gives_up_loses_the_attempt(FinishReason finish, string? error, string reason)
    {
        var ticket = _stream.BeginAttempt().Ticket;
        _stream.Give(ticket, Records.Output(0, -1, "", finish, error));
        Assert.Contains(reason, _stream.Read().Lost, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_cannot_be_lost_any_more()
    {
        var ticket = _stream.BeginAttempt().Ticket;
        _stream.Give(ticket, Records.Output(0, 10, "a", FinishReason.Length));
        _stream.LoseAttempt(ticket, "too late");
        Assert.Null(_stream.Read().Lost);
        Assert.True(_stream.Give(ticket, Records.Output(1, 11)));
        AssertRead([], "");
    }

    [Fact]
    public void More_tokens_than_were_asked_for_are_no_answer()
    {
        var ticket = _stream.BeginAttempt().Ticket;
        Assert.False(_stream.Give(ticket, [.. Enumerable.Range(0, 9).Select(static i => Records.Output(i, i))]));
        Assert.Equal(8, _stream.Count);
        Assert.Contains("more than the 8 tokens", _stream.Read().Lost, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_waits_until_there_is_something()
    {
        var ticket = _stream.BeginAttempt().Ticket;
        var waiting = _stream.Wait().AsTask();
        Assert.False(waiting.IsCompleted);
        _stream.Give(ticket, Records.Output(0, 10, "a"));
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        AssertRead([10], "a");
    }

    [Fact]
    public void Only_the_attempt_in_force_is_assigned_or_lost()
    {
        var first = _stream.BeginAttempt().Ticket;
        var second = _stream.BeginAttempt().Ticket;
        _stream.Assign(first, "silo/old", SiloAddress.Zero);
        _stream.LoseAttempt(first, "old news");
        Assert.Null(_stream.Device);
        Assert.Null(_stream.Read().Lost);
        _stream.Assign(second, "silo/new", SiloAddress.Zero);
        _stream.Asked(second, answered: false);
        Assert.Equal(("silo/new", 1), (_stream.Device, _stream.Strikes));
        _stream.Asked(second, answered: true);
        Assert.Equal(0, _stream.Strikes);
    }

    [Fact]
    public void A_planned_move_is_told_from_a_loss_and_each_is_counted_by_itself()
    {
        var first = _stream.BeginAttempt().Ticket;
        _stream.Assign(first, "silo/a", SiloAddress.Zero);
        Assert.True(_stream.Move(first, "silo/a is drained"));
        Assert.False(_stream.Give(first, Records.Output(0, 10, "late")));
        var read = _stream.Read();
        Assert.Equal(("silo/a is drained", true), (read.Lost, read.Moved));
        var second = _stream.BeginAttempt().Ticket;
        _stream.Assign(second, "silo/b", SiloAddress.Zero);
        _stream.LoseAttempt(second, "silo/b died");
        read = _stream.Read();
        Assert.Equal(("silo/b died", false), (read.Lost, read.Moved));
        Assert.Equal((1, 1), (_stream.Moves, _stream.Losses));
    }

    [Fact]
    public void Why_an_attempt_was_given_up_is_known_until_the_next_is()
    {
        var first = _stream.BeginAttempt().Ticket;
        Assert.Null(_stream.Cause);
        _stream.LoseAttempt(first, "it died");
        _stream.BeginAttempt();
        Assert.Equal("it died", _stream.Cause);
        _stream.BeginAttempt();
        Assert.Equal("it died", _stream.Cause);
    }

    [Fact]
    public void Only_an_attempt_in_force_that_a_device_has_and_that_is_not_complete_moves()
    {
        var first = _stream.BeginAttempt().Ticket;
        Assert.False(_stream.Move(first, "it is being placed"));
        var second = _stream.BeginAttempt().Ticket;
        _stream.Assign(second, "silo/a", SiloAddress.Zero);
        Assert.False(_stream.Move(first, "old news"));
        _stream.Give(second, [.. Enumerable.Range(0, 8).Select(static i => Records.Output(i, i))]);
        Assert.False(_stream.Move(second, "all tokens are there"));
        _stream.Give(second, Records.Output(8, -1, "", FinishReason.Length));
        Assert.False(_stream.Move(second, "it has ended"));
        Assert.Equal((0, 0, null), (_stream.Moves, _stream.Losses, _stream.Read().Lost));
    }

    [Fact]
    public void A_lost_attempt_is_not_moved_and_an_embedding_is()
    {
        var first = _stream.BeginAttempt().Ticket;
        _stream.Assign(first, "silo/a", SiloAddress.Zero);
        _stream.LoseAttempt(first, "it died");
        Assert.False(_stream.Move(first, "it is drained"));
        var embedding = new TokenStream(StreamTicket.NewStream(), maxTokens: 0, TimeProvider.System);
        var ticket = embedding.BeginAttempt().Ticket;
        embedding.Assign(ticket, "silo/a", SiloAddress.Zero);
        Assert.True(embedding.Move(ticket, "it is drained"));
    }

    private void AssertRead(int[] tokens, string text)
    {
        var read = _stream.Read();
        Assert.Equal(tokens, read.Tokens);
        Assert.Equal(text, read.Text);
    }
}
