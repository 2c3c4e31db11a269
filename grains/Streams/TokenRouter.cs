using System.Collections.Concurrent;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Metrics;

namespace Crescent.Grains.Streams;

/// <summary>
/// The front end's end of all links: takes frames and hands their records to the streams. One per silo; a silo that owns devices
/// sends its own front end's tokens the same way.
/// </summary>
internal sealed class TokenRouter(IGrainFactory grains, TimeProvider time, FactoryMetrics metrics) : ITokenObserver
{
    // Streams that were left and whose device has not told yet; those of dead devices never are.
    private const int MaxLeft = 4096;

    private readonly ConcurrentDictionary<long, TokenStream> _streams = new();
    private readonly ConcurrentDictionary<string, FrameOrder> _orders = new();
    private readonly ConcurrentDictionary<long, (TokenStream Stream, Action Told)> _left = new();
    private readonly ConcurrentQueue<long> _leftInOrder = new();
    private readonly Lock _lock = new();
    private volatile ITokenObserver? _reference;

    /// <summary>Streams that are open.</summary>
    public IEnumerable<TokenStream> Streams => _streams.Values;

    public int Count => _streams.Count;

    /// <summary>
    /// What devices send frames to. Orleans holds observers weakly; this router lives as long as its silo.
    /// </summary>
    public async ValueTask<ITokenObserver> GetReference()
    {
        // A grain that serves a stream cannot have an observer: the reference is the silo's, made outside of all grains.
        return _reference ?? await Task.Run(() =>
        {
            lock (_lock)
            {
                return _reference ??= grains.CreateObjectReference<ITokenObserver>(this);
            }
        });
    }

    /// <summary>Opens a stream of at most <paramref name="maxTokens"/> tokens behind <paramref name="resumed"/> that there are; the caller closes it.</summary>
    public TokenStream Open(int maxTokens, int resumed = 0, CallTrace? trace = null)
    {
        TokenStream stream;
        do
        {
            stream = new TokenStream(StreamTicket.NewStream(), maxTokens, time, resumed) { Trace = trace };
        }
        while (!_streams.TryAdd(stream.Id, stream));
        metrics.StreamOpened();
        return stream;
    }

    /// <summary>Closes a stream; what still comes for it is answered as unwanted.</summary>
    /// <param name="stream">Which.</param>
    /// <param name="left">For one that was left before its end: called when its device tells what it took, if it ever does.</param>
    public void Close(TokenStream stream, Action? left = null)
    {
        if (left is not null && stream.Device is not null)
        {
            _left[stream.Id] = (stream, left);
            _leftInOrder.Enqueue(stream.Id);
            while (_leftInOrder.Count > MaxLeft && _leftInOrder.TryDequeue(out var oldest))
            {
                _left.TryRemove(oldest, out _);
            }
        }

        if (_streams.TryRemove(stream.Id, out _))
        {
            metrics.StreamClosed();
        }

        // Its device has told already, and nobody has read it.
        if (left is not null && stream.HasEnded && _left.TryRemove(stream.Id, out _))
        {
            left();
        }
    }

    public bool IsOpen(long stream) => _streams.ContainsKey(stream);

    public ValueTask<FrameReceipt> Deliver(TokenFrame frame)
    {
        if (frame.Version != FrameBuffer.Version)
        {
            // The device gives the link up then, and its streams go on elsewhere.
            throw new InvalidDataException($"{frame.Device} sends frames of version {frame.Version}; this front end reads {FrameBuffer.Version}.");
        }

        List<long>? unwanted = null;
        _orders.GetOrAdd(frame.Device, static _ => new FrameOrder()).Take(frame, records => Route(records.Span, ref unwanted));
        return ValueTask.FromResult(unwanted is null ? FrameReceipt.Complete : new FrameReceipt([.. unwanted]));
    }

    private void Route(ReadOnlySpan<byte> records, ref List<long>? unwanted)
    {
        var tokens = 0;
        var reader = new FrameReader(records);
        while (reader.TryRead(out var record))
        {
            if (_streams.TryGetValue(record.Ticket.Stream, out var stream) && stream.Accept(record))
            {
                tokens += record.Token >= 0 ? 1 : 0;
            }
            else if (record.Finish != FinishReason.None && _left.TryRemove(record.Ticket.Stream, out var left))
            {
                left.Stream.Accept(record);
                left.Told();
            }
            else if (record.Finish == FinishReason.None && (unwanted is null || unwanted[^1] != record.Ticket.Value))
            {
                (unwanted ??= []).Add(record.Ticket.Value);
            }
        }

        metrics.TokensReceived(tokens, unwanted?.Count ?? 0);
    }
}
