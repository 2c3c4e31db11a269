namespace Crescent.Grains.Frames;

/// <summary>
/// Puts the frames of one device's links in order, each link's for itself. Several are under way at once and Orleans does not promise to deliver them in the
/// order in which they were sent; one that comes early is copied and waits for those before it. A device that has given up a link opens another, and one
/// that was restarted does, too: which is the later does not matter, since what a link says of an attempt that is no longer in force has its ticket.
/// </summary>
internal sealed class FrameOrder
{
    /// <summary>Links that are remembered; of more, those are forgotten that were used longest ago.</summary>
    public const int MaxLinks = 4;

    // The one used last is the last.
    private readonly List<Link> _links = [];
    private readonly Lock _lock = new();

    /// <summary>Hands <paramref name="frame"/>, and those that waited for it, to <paramref name="take"/>; one caller at a time.</summary>
    public void Take(TokenFrame frame, Action<ReadOnlyMemory<byte>> take)
    {
        lock (_lock)
        {
            Find(frame.Link).Take(frame, take);
        }
    }

    private Link Find(long number)
    {
        if (_links.Count > 0 && _links[^1].Number == number)
        {
            return _links[^1];
        }

        var at = _links.FindIndex(l => l.Number == number);
        var link = at >= 0 ? _links[at] : new Link(number);
        if (at >= 0)
        {
            _links.RemoveAt(at);
        }
        else if (_links.Count == MaxLinks)
        {
            _links.RemoveAt(0);
        }

        _links.Add(link);
        return link;
    }

    private sealed class Link(long number)
    {
        private readonly SortedDictionary<long, byte[]> _early = [];
        private long _next;

        public long Number => number;

        public void Take(TokenFrame frame, Action<ReadOnlyMemory<byte>> take)
        {
            if (frame.Number < _next)
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
