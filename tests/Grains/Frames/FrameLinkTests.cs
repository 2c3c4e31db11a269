using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Crescent.Grains.Frames;
using Crescent.Grains.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crescent.Tests.Grains.Frames;

public sealed class FrameLinkTests : IAsyncDisposable
{
    private static readonly StreamTicket Ticket = new(256, 1);

    private readonly FrontEnd _front = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<long> _unwanted = [];
    private readonly FrameLink _link;
    private int _broken;

    public FrameLinkTests()
    {
        var metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        _link = new FrameLink("silo/device", SiloAddress.Zero, _front, TimeProvider.System, metrics, NullLogger.Instance)
        {
            Unwanted = tickets => _unwanted.AddRange(tickets),
            Broken = _ => Interlocked.Increment(ref _broken),
        };
    }

    public async ValueTask DisposeAsync()
    {
        _front.AnswerAll();
        await _link.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task The_outputs_of_a_step_go_in_one_frame()
    {
        Append(0, 5);
        _link.Flush();
        await FactoryCluster.Until(() => _front.Frames.Count == 1, "the frame comes");
        Assert.Equal([0, 1, 2, 3, 4], _front.Frames.Single());
    }

    [Fact]
    public async Task Four_frames_are_under_way_at_most_and_the_rest_becomes_one()
    {
        for (var step = 0; step < 10; step++)
        {
            Append(step, 1);
            _link.Flush();
            await FactoryCluster.Until(() => _front.Frames.Count > step || _link.IsFull, $"step {step} is sent or waits");
        }

        _front.AnswerAll();
        await FactoryCluster.Until(() => _front.Frames.Sum(static f => f.Length) == 10, "the backlog comes");
        Assert.Equal([1, 1, 1, 1, 6], _front.Frames.Select(static f => f.Length));
        Assert.Equal([0L, 1, 2, 3, 4], _front.Numbers);
    }

    [Fact]
    public async Task A_front_end_that_fails_loses_the_link_once()
    {
        Append(0, 1);
        _link.Flush();
        await FactoryCluster.Until(() => _front.Frames.Count == 1, "the frame comes");
        _front.Fail();
        await FactoryCluster.Until(() => _link.IsBroken, "the link breaks");
        _link.Break("again");
        Append(1, 1);
        _link.Flush();
        Assert.Equal(1, _broken);
        Assert.Single(_front.Frames);
    }

    [Fact]
    public void A_backlog_without_end_loses_the_link()
    {
        var text = new string('x', 1 << 19);
        for (var i = 0; i < 200 && !_link.IsBroken; i++)
        {
            _link.Append(Ticket, i, Records.Output(i, i, text));
        }

        Assert.True(_link.IsBroken);
    }

    [Fact]
    public async Task Tickets_that_nobody_wants_are_told()
    {
        Append(0, 1);
        _link.Flush();
        await FactoryCluster.Until(() => _front.Frames.Count == 1, "the frame comes");
        _front.AnswerAll([Ticket.Value]);
        await FactoryCluster.Until(() => _unwanted.Count == 1, "the ticket is told");
        Assert.Equal(Ticket.Value, _unwanted[0]);
    }

    private void Append(int offset, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _link.Append(Ticket, offset + i, Records.Output(offset + i, 1));
        }
    }

    /// <summary>Keeps the offsets of each frame and answers when it is told to.</summary>
    private sealed class FrontEnd : ITokenObserver
    {
        private readonly ConcurrentQueue<TaskCompletionSource<FrameReceipt>> _open = new();
        private volatile bool _answers;

        public ConcurrentQueue<int[]> Frames { get; } = new();

        public ConcurrentQueue<long> Numbers { get; } = new();

        public ValueTask<FrameReceipt> Deliver(TokenFrame frame)
        {
            var offsets = new List<int>();
            var reader = new FrameReader(frame.Records.Span);
            while (reader.TryRead(out var record))
            {
                offsets.Add(record.Offset);
            }

            var answer = new TaskCompletionSource<FrameReceipt>(TaskCreationOptions.RunContinuationsAsynchronously);
            _open.Enqueue(answer);
            Numbers.Enqueue(frame.Number);
            Frames.Enqueue([.. offsets]);
            if (_answers)
            {
                answer.TrySetResult(FrameReceipt.Complete);
            }

            return new ValueTask<FrameReceipt>(answer.Task);
        }

        public void AnswerAll(params long[] unwanted)
        {
            _answers = true;
            while (_open.TryDequeue(out var answer))
            {
                answer.TrySetResult(new FrameReceipt(unwanted));
            }
        }

        public void Fail()
        {
            while (_open.TryDequeue(out var answer))
            {
                answer.TrySetException(new SiloUnavailableException("gone"));
            }
        }
    }
}
