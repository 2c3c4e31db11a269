namespace Crescent.Control.Power;

/// <summary>
/// A device as the governor remembers it: the cap that it confirmed last, and the orders that may have come in force since. Orders that a later one
/// with more watts follows are left out: once the later one is confirmed they cannot come in force, and until then it counts for them.
/// </summary>
internal sealed class GovernedDevice(string key)
{
    private readonly List<CapOrder> _pending = [];
    private double _confirmed;
    private CapStamp _stamp;
    private CapStamp _knownFrom;
    private bool _isRead;

    public string Key => key;

    public string Node { get; private set; } = "";

    public string Rack { get; private set; } = "";

    public double MinCapWatts { get; private set; }

    public double MaxCapWatts { get; private set; }

    public long Incarnation { get; private set; }

    /// <summary>Since when no reading tells of it; infinite while one does.</summary>
    public double GoneSince { get; set; } = double.PositiveInfinity;

    /// <summary>The look that read it last.</summary>
    public long Look { get; set; }

    /// <summary>The levels with a budget that it belongs to.</summary>
    public List<GovernedLevel> Levels { get; } = [];

    /// <summary>Its cap can be set.</summary>
    public bool IsCapped => MaxCapWatts > MinCapWatts;

    /// <summary>It has taken an order of this term, so that only orders of this term can come in force.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The most that it can have in force.</summary>
    public double Exposure => !IsCapped || !IsKnown ? MaxCapWatts : _pending.Count == 0 ? _confirmed : Math.Max(_confirmed, _pending[0].Watts);

    /// <summary>What it will have when all orders arrive.</summary>
    public double Intended => _pending.Count == 0 ? _confirmed : _pending[^1].Watts;

    /// <summary>The newest order, where it is not confirmed.</summary>
    public CapOrder? Unconfirmed => _pending.Count == 0 ? null : _pending[^1];

    public bool IsOver => Levels.Exists(static level => level.IsOver);

    /// <summary>A new term: nothing that was ordered or confirmed before it counts.</summary>
    public void Forget()
    {
        _pending.Clear();
        IsKnown = false;
    }

    /// <summary>Takes a reading.</summary>
    /// <param name="reading">It.</param>
    /// <param name="next">The stamp that the governor's next order will have: of a device that it meets, only orders from there on say anything.</param>
    public void Read(in DevicePower reading, CapStamp next)
    {
        (Node, Rack) = (reading.Node ?? "", reading.Rack ?? "");
        (MinCapWatts, MaxCapWatts) = (reading.Profile.MinCapWatts, reading.Profile.MaxCapWatts);
        if (reading.Stamp is not { } stamp)
        {
            _pending.Clear();
            _confirmed = reading.CapWatts;
            IsKnown = true;
            return;
        }

        if (!_isRead || reading.Incarnation != Incarnation || GoneSince < double.PositiveInfinity)
        {
            Forget();
            _isRead = true;
            _knownFrom = next;
            Incarnation = reading.Incarnation;
        }
        else if (stamp < _stamp)
        {
            return;
        }

        _stamp = stamp;
        _confirmed = reading.CapWatts;
        _pending.RemoveAll(order => order.Stamp <= stamp);
        IsKnown = stamp.Term == next.Term && stamp >= _knownFrom;
    }

    public void Order(in CapOrder order)
    {
        while (_pending.Count > 0 && _pending[^1].Watts <= order.Watts)
        {
            _pending.RemoveAt(_pending.Count - 1);
        }

        _pending.Add(order);
    }
}
