namespace Crescent.Control.Power;

/// <summary>A level as the governor remembers it: its sums of this look, its price, and what is done about it.</summary>
internal sealed class GovernedLevel(PowerLevelKind kind, string name)
{
    /// <summary>A budget below this counts as this, W: prices stay finite.</summary>
    private const double LeastBudget = 1;

    private double _overSince = double.PositiveInfinity;
    private double _calmSince = double.PositiveInfinity;
    private double _actedAt;

    public PowerLevelKind Kind => kind;

    public string Name => name;

    public double Budget { get; private set; }

    /// <summary>Most that can be in force, what is kept for devices that left included.</summary>
    public double Exposure { get; set; }

    /// <summary>Kept for devices that left.</summary>
    public double Reserved { get; private set; }

    public double Watts { get; private set; }

    public double Confirmed { get; private set; }

    public double Least { get; private set; }

    public double Price { get; private set; }

    public PowerAction Action { get; private set; }

    /// <summary>Devices that it had drained, the first one first.</summary>
    public List<string> Drained { get; } = [];

    /// <summary>Indices of its devices in this look.</summary>
    public List<int> Members { get; } = [];

    public bool IsOver => Exposure > Budget;

    public double Room => Budget - Exposure;

    public void Begin(double budget)
    {
        Budget = Math.Max(LeastBudget, budget);
        (Exposure, Reserved, Watts, Confirmed, Least) = (0, 0, 0, 0, 0);
        Members.Clear();
    }

    public void Add(int index, in DevicePower device, double watts, double exposure)
    {
        Members.Add(index);
        Watts += watts;
        Exposure += exposure;
        Confirmed += device.CapWatts;
        Least += device.Profile.MinCapWatts;
    }

    public void Reserve(double watts)
    {
        Reserved += watts;
        Exposure += watts;
    }

    /// <summary>Dual ascent.</summary>
    public void Reprice(GovernorOptions options, double elapsed)
    {
        var excess = (Watts - (options.TargetShare * Budget)) / Budget;
        var step = options.PriceGain * Math.Min(elapsed, options.LongestLook) * excess;
        Price = Math.Clamp(Price + step, 0, options.HighestPrice);
    }

    /// <summary>Goes one action further, or one back.</summary>
    /// <returns>Whether it did; a further device to drain counts.</returns>
    public bool Judge(double now, GovernorOptions options)
    {
        _overSince = Watts > Budget * (1 + options.Tolerance) ? Math.Min(_overSince, now) : double.PositiveInfinity;
        _calmSince = Watts <= Budget * options.TargetShare ? Math.Min(_calmSince, now) : double.PositiveInfinity;
        if (_overSince <= now && (Action == PowerAction.None || now - Math.Max(_overSince, _actedAt) >= options.PatienceSeconds))
        {
            Action = Action == PowerAction.Drain ? PowerAction.Drain : Action + 1;
            _actedAt = now;
            return true;
        }

        if (Action == PowerAction.LowerCaps ? Watts <= Budget : Action != PowerAction.None && now - Math.Max(_calmSince, _actedAt) >= options.RestoreSeconds)
        {
            Action--;
            _actedAt = now;
            return true;
        }

        return false;
    }
}
