using System.Runtime.InteropServices;

namespace Crescent.Engine.Kv;

/// <summary>
/// The receiver's side of a cache's events: finds the gaps between batches and mends them with a dump. Pure: it holds no hashes but
/// those of events that wait for a dump, and asks nobody. Not safe for several threads.
/// </summary>
/// <remarks>
/// Do what each <see cref="KvUpdate"/> says. While <see cref="NeedsDump"/>, see to it that one dump is on its way (asked for after
/// the property was seen true; again after a time-out) and give it to <see cref="Take(KvDump)"/>. Events that come meanwhile are held, so
/// that dump and batches may overtake each other. What was known before a gap stays: better than nothing until the dump is there.
/// </remarks>
public sealed class KvEventCursor
{
    /// <summary>Events held while a dump is awaited, unless told otherwise.</summary>
    public const int DefaultMaxHeld = 65_536;

    private readonly int _maxHeld;

    // Consecutive events from id _heldFirst on, while a dump is awaited.
    private readonly List<KvEvent> _held = [];
    private long _heldFirst;
    private long _next = 1;
    private long? _epoch;

    /// <summary>A cursor that knows nothing yet and so needs a dump, unless it hears the events from the first on.</summary>
    /// <param name="maxHeld">Events held while a dump is awaited, at least 1; when more come, the oldest are given up and the dump must be as new as the rest.</param>
    public KvEventCursor(int maxHeld = DefaultMaxHeld)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxHeld);
        _maxHeld = maxHeld;
    }

    /// <summary>True while events are missing.</summary>
    public bool NeedsDump { get; private set; } = true;

    /// <summary>Id up to which all is applied.</summary>
    public long LastId => _next - 1;

    /// <summary>Takes a batch: gives what of it is new, or holds it when events before it are missing.</summary>
    /// <returns>Valid until the next call, and no longer than the batch.</returns>
    public KvUpdate Take(KvEventBatch batch)
    {
        if (batch.Events.IsEmpty)
        {
            return default;
        }

        var replaces = batch.Epoch != _epoch;
        if (replaces)
        {
            // A new engine begins with an empty cache, so its first event is enough to know all.
            _epoch = batch.Epoch;
            _next = 1;
            NeedsDump = false;
        }

        if (!NeedsDump)
        {
            if (batch.FirstId <= _next)
            {
                var fresh = batch.Events[(int)Math.Min(_next - batch.FirstId, batch.Events.Length)..];
                _next += fresh.Length;
                return new KvUpdate(replaces, [], fresh);
            }

            NeedsDump = true;
            _held.Clear();
        }

        Hold(batch);
        return new KvUpdate(replaces, [], []);
    }

    /// <summary>
    /// Takes a dump: gives its hashes and the held events after it. A dump that is not needed, or too old to close the gap, changes
    /// nothing; in the latter case <see cref="NeedsDump"/> stays true.
    /// </summary>
    /// <returns>Valid until the next call.</returns>
    public KvUpdate Take(KvDump dump)
    {
        if (!NeedsDump)
        {
            return default;
        }

        if (dump.Epoch != _epoch)
        {
            _epoch = dump.Epoch;
            _held.Clear();
        }

        var after = CollectionsMarshal.AsSpan(_held);
        if (after.Length > 0)
        {
            if (dump.LastId + 1 < _heldFirst)
            {
                return default;
            }

            after = after[(int)Math.Min(dump.LastId + 1 - _heldFirst, after.Length)..];
        }

        NeedsDump = false;
        _next = dump.LastId + 1 + after.Length;
        return new KvUpdate(true, dump.Hashes.Span, after);
    }

    private void Hold(KvEventBatch batch)
    {
        var heldNext = _heldFirst + _held.Count;
        if (_held.Count == 0 || batch.FirstId > heldNext)
        {
            _held.Clear();
            _heldFirst = heldNext = batch.FirstId;
        }

        _held.AddRange(batch.Events[(int)Math.Min(heldNext - batch.FirstId, batch.Events.Length)..]);
        if (_held.Count > _maxHeld)
        {
            var given = _held.Count - (_maxHeld / 2);
            _held.RemoveRange(0, given);
            _heldFirst += given;
        }
    }
}
