using Crescent.Engine.Kv;
using Crescent.Grains.Kv;

namespace Crescent.Grains.Gpu;

/// <summary>The dumps of one device's cache that are being fetched page by page; the last few are kept. For one grain's turns.</summary>
internal sealed class KvDumps(Func<CancellationToken, Task<KvDump>> take)
{
    /// <summary>Fetches at once; the oldest has to start anew.</summary>
    public const int MaxKept = 4;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    private readonly List<(long Id, KvDump Dump)> _kept = [];

    // Not from 0: whoever asks for a page of a dump that was taken before the device was opened anew must not get one of another.
    private long _lastId = Random.Shared.NextInt64(1, long.MaxValue / 2);

    /// <summary>A page of the dump <paramref name="id"/>, or the first of a new one for 0.</summary>
    /// <param name="id">The dump.</param>
    /// <param name="offset">Hashes in the pages before.</param>
    public async Task<KvDumpPage> Page(long id, int offset)
    {
        if (id == 0)
        {
            using var deadline = new CancellationTokenSource(Timeout);
            var taken = await take(deadline.Token);
            id = ++_lastId;
            offset = 0;
            _kept.Add((id, taken));
            if (_kept.Count > MaxKept)
            {
                _kept.RemoveAt(0);
            }
        }

        var at = _kept.FindIndex(k => k.Id == id);
        if (at < 0)
        {
            return new KvDumpPage { Dump = 0 };
        }

        var dump = _kept[at].Dump;
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, dump.Hashes.Length);
        var count = Math.Min(KvDumpPage.MaxHashes, dump.Hashes.Length - offset);
        if (offset + count == dump.Hashes.Length)
        {
            _kept.RemoveAt(at);
        }

        return new KvDumpPage
        {
            Dump = id,
            Epoch = dump.Epoch,
            LastId = dump.LastId,
            Total = dump.Hashes.Length,
            Hashes = KvEventCodec.WriteHashes(dump.Hashes.Span.Slice(offset, count)),
        };
    }
}
