using System.Threading.Channels;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Frames;

/// <summary>
/// Carries one device's outputs to one front end. The engine's thread appends to the frame in the making and wakes the pump; the pump
/// sends it on the thread pool. While <see cref="MaxUnacked"/> frames wait for their answer the next frame grows, so a slow front end
/// gets fewer, larger frames. One that answers too late, or lets too much pile up, loses the link and its sequences are cancelled.
/// </summary>
internal sealed class FrameLink : IAsyncDisposable
{
    /// <summary>Frames under way at once.</summary>
    public const int MaxUnacked = 4;

    /// <summary>A frame that has reached this size is closed; larger messages delay the silos' probes.</summary>
    public const int MaxFrameBytes = 1 << 20;

    /// <summary>Closed frames that may wait.</summary>
    public const int MaxBacklog = 16;

    /// <summary>
    /// A front end that does not answer a frame within this is given up: shorter than Orleans' own 30 s, and longer than a busy machine makes it wait. The end
    /// of its process is known at once.
    /// </summary>
    public static readonly TimeSpan AckTimeout = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly Queue<FrameBuffer> _closed = new();
    private readonly Stack<FrameBuffer> _spare = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true, AllowSynchronousContinuations = false });

    private readonly SemaphoreSlim _window = new(MaxUnacked);
    private readonly string _device;
    private readonly ITokenObserver _observer;
    private readonly TimeProvider _time;
    private readonly FactoryMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Task _pump;
    private readonly long _number;
    private long _frames;
    private FrameBuffer _open = new();
    private volatile bool _broken;

    /// <summary>Starts the pump. <paramref name="device"/> is <c>silo/device</c>.</summary>
    public FrameLink(
        string device, SiloAddress front, ITokenObserver observer, TimeProvider time, FactoryMetrics metrics, ILogger logger)
    {
        _device = device;
        _number = Random.Shared.NextInt64();
        Front = front;
        _observer = observer;
        _time = time;
        _metrics = metrics;
        _logger = logger;

        // The pump outlives the call that opens the link and must not carry that call's request context.
        using (ExecutionContext.SuppressFlow())
        {
            _pump = Task.Run(Pump);
        }
    }

    /// <summary>Told of tickets that the front end no longer wants, on the thread pool.</summary>
    public Action<long[]>? Unwanted { get; init; }

    /// <summary>Told once that the link is broken, on the thread pool or the engine's thread.</summary>
    public Action<FrameLink>? Broken { get; init; }

    /// <summary>The silo at the other end.</summary>
    public SiloAddress Front { get; }

    public bool IsBroken => _broken;

    /// <summary>True while as many frames are under way as may be.</summary>
    public bool IsFull => _window.CurrentCount == 0;

    /// <summary>Adds an output to the frame in the making. The engine's thread only; never blocks.</summary>
    public void Append(StreamTicket ticket, int offset, in SequenceOutput output)
    {
        var overrun = false;
        lock (_lock)
        {
            if (_broken)
            {
                return;
            }

            _open.Append(ticket, offset, output);
            if (_open.Length >= MaxFrameBytes)
            {
                overrun = _closed.Count == MaxBacklog;
                _closed.Enqueue(_open);
                _open = Spare();
            }
        }

        if (overrun)
        {
            Break($"more than {MaxBacklog} MiB wait for it");
        }
    }

    /// <summary>Lets the pump send what was appended: once a step.</summary>
    public void Flush() => _wake.Writer.TryWrite(true);

    /// <summary>Gives the link up.</summary>
    public void Break(string reason)
    {
        lock (_lock)
        {
            if (_broken)
            {
                return;
            }

            _broken = true;
            _closed.Clear();
            _spare.Clear();
            _open = new FrameBuffer();
        }

        _wake.Writer.TryComplete();
        _metrics.LinkBroken();
        TokenLog.LinkBroken(_logger, _device, Front, reason);
        Broken?.Invoke(this);
    }

    public async ValueTask DisposeAsync()
    {
        // The last words first: they say how sequences have ended.
        _wake.Writer.TryWrite(true);
        _wake.Writer.TryComplete();
        await _pump;
        lock (_lock)
        {
            _broken = true;
        }
    }

    private async Task Pump()
    {
        while (await _wake.Reader.WaitToReadAsync())
        {
            _wake.Reader.TryRead(out _);
            while (!_broken)
            {
                await _window.WaitAsync();
                var frame = TakeFrame();
                if (frame is null)
                {
                    _window.Release();
                    break;
                }

                _ = Send(frame);
            }
        }
    }

    private FrameBuffer? TakeFrame()
    {
        lock (_lock)
        {
            if (_closed.TryDequeue(out var closed))
            {
                return closed;
            }

            if (_broken || _open.Length == 0)
            {
                return null;
            }

            var open = _open;
            _open = Spare();
            return open;
        }
    }

    private async Task Send(FrameBuffer frame)
    {
        try
        {
            var receipt = await _observer.Deliver(new TokenFrame(_device, _number, _frames++, frame.Written)).AsTask().WaitAsync(AckTimeout, _time);
            _metrics.FrameSent(frame.Length);
            Recycle(frame);
            if (receipt.Unwanted.Length > 0)
            {
                Unwanted?.Invoke(receipt.Unwanted);
            }
        }
        catch (Exception e)
        {
            // Whatever went wrong, the front end may have missed tokens: it must not get later ones over this link.
            Break($"{e.GetType().Name}: {e.Message}");
        }
        finally
        {
            _window.Release();
        }
    }

    private FrameBuffer Spare() => _spare.TryPop(out var spare) ? spare : new FrameBuffer();

    private void Recycle(FrameBuffer frame)
    {
        frame.Clear();
        lock (_lock)
        {
            if (!_broken && _spare.Count < MaxUnacked + 1)
            {
                _spare.Push(frame);
            }
        }
    }
}
