using System.Buffers;
using System.Threading.Channels;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Kept;

/// <summary>
/// Reads an answer from its keeper. It holds all that it has read, so that it can go on at another keeper when the first dies. The channel is not bounded:
/// what it can hold is bounded by the longest answer that is kept. Whoever began the answer follows it to its end also when its reader has left, to give
/// back what it holds meanwhile and to charge what it took.
/// </summary>
public sealed class KeptStream
{
    /// <summary>A keeper that has nothing new says so after this time.</summary>
    internal static readonly TimeSpan Wait = TimeSpan.FromSeconds(3);

    private readonly Channel<(int Choice, GenerationChunk Chunk)> _chunks =
        Channel.CreateUnbounded<(int Choice, GenerationChunk Chunk)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly ArrayBufferWriter<byte> _records = new();
    private readonly KeptDesk _desk;
    private readonly KeptCall _call;
    private readonly PreparedRequest _request;
    private string _home;
    private volatile bool _left;
    private int _read;

    internal KeptStream(KeptDesk desk, KeptCall call, PreparedRequest request, string home, KeptHead head, IDisposable? lease)
    {
        (_desk, _call, _request, _home, Head) = (desk, call, request, home, head);
        Followed = Task.Run(() => Follow(lease));
    }

    /// <summary>Of the answer.</summary>
    public KeptHead Head { get; private set; }

    /// <summary>Name of the silo that keeps it.</summary>
    internal string Home => _home;

    /// <summary>Ends when nothing more is asked of the keeper.</summary>
    internal Task Followed { get; }

    /// <summary>Waits until there are chunks: false when all choices have ended.</summary>
    /// <exception cref="GenerationFailedException">The answer cannot be brought to its end; or another of <see cref="IGenerationService.Generate(Engine.Scheduling.InferenceRequest, CancellationToken)"/>.</exception>
    public ValueTask<bool> Next(CancellationToken cancellation) => _chunks.Reader.WaitToReadAsync(cancellation);

    /// <summary>Takes a chunk that is there, and the choice that it is of.</summary>
    public bool TryRead(out (int Choice, GenerationChunk Chunk) item) => _chunks.Reader.TryRead(out item);

    /// <summary>Its reader has left.</summary>
    public void Leave() => _left = true;

    private async Task Follow(IDisposable? lease)
    {
        try
        {
            while (true)
            {
                var page = await Page();
                _desk.Charge(_request, page);
                _records.Write(page.Records);
                Parse();
                if (page.HasEnded)
                {
                    _chunks.Writer.TryComplete(page.Failure?.ToException(_request.Deadline));
                    return;
                }

                if (_left && _call.IsJoined)
                {
                    return;
                }
            }
        }
        catch (Exception e)
        {
            _chunks.Writer.TryComplete(e);
        }
        finally
        {
            lease?.Dispose();
        }
    }

    /// <summary>The next page, of another keeper where this one is lost.</summary>
    private async Task<KeptPage> Page()
    {
        while (true)
        {
            var reason = "it has no such answer";
            try
            {
                var page = await _desk.Read(_home, new KeptRead { Key = _call.Ask.Key, Epoch = Head.Epoch, Offset = _records.WrittenCount, IsWanted = !_left });
                if (page.IsKnown)
                {
                    return page.Version == KeptRecords.Version
                        ? page
                        : throw new GenerationFailedException($"{_home} keeps records of version {page.Version}; this silo reads {KeptRecords.Version}.");
                }
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                reason = e.Message;
            }

            if (_left && _call.IsJoined)
            {
                throw new GenerationFailedException($"{_home} does not keep {Head.Id} any more, and nobody reads it.");
            }

            var reply = await _desk.GoOn(KeptDesk.Order(_call, _request, Head, Whole()), _home, reason);
            (_home, Head) = (reply.Home, reply.Head!);
        }
    }

    /// <summary>The records that are whole: the next keeper begins behind them.</summary>
    private byte[] Whole()
    {
        var whole = _records.WrittenSpan[.._read].ToArray();
        _records.ResetWrittenCount();
        _records.Write(whole);
        return whole;
    }

    private void Parse()
    {
        var rest = _records.WrittenSpan[_read..];
        while (KeptRecords.TryRead(ref rest, out var choice, out var chunk))
        {
            _chunks.Writer.TryWrite((choice, chunk));
        }

        _read = _records.WrittenCount - rest.Length;
    }
}
