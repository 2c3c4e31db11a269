namespace Crescent.Grains.Tokens;

/// <summary>
/// Puts the frames of one device's link in order. Several are under way at once and Orleans does not promise to deliver them in the
/// order in which they were sent; one that comes early is copied and waits for those before it.
/// </summary>
internal sealed class FrameOrder
{
    private readonly SortedDictionary<long, byte[]> _early = [];
    private readonly Lock _lock = new();
    private long _link = -1;
    private long _next;

    /// <summary>Hands <paramref name="frame"/>, and those that waited for it, to <paramref name="take"/>; one caller at a time.</summary>
    public void Take(TokenFrame frame, Action<ReadOnlyMemory<byte>> take)
    {
        lock (_lock)
        {
            if (frame.Link > _link)
            {
                // The device gave up the link before, and cancelled all that went over it.
                _link = frame.Link;
                _next = 0;
                _early.Clear();
            }

            if (frame.Link < _link || frame.Number < _next)
            {
                return;
            }

            if (frame.Number > _next)
            {
                _early.TryAdd(frame.Number, frame.Records.ToArray());
                return;
            }

            take(frame.Records);
            _next++;
            while (_early.Remove(_next, out var records))
            {
                take(records);
                _next++;
            }
        }
    }
}
