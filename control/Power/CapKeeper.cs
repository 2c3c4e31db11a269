using Crescent.Engine.Power;

namespace Crescent.Control.Power;

/// <summary>
/// The device's side of a cap: begins with the lowest, takes orders in the order of their stamps and no other, and falls back to the lowest when its
/// silo has lost the governor. Safe for use by several threads.
/// </summary>
public sealed class CapKeeper
{
    private readonly Lock _lock = new();
    private readonly IPowerCap _cap;
    private long _incarnation;
    private CapStamp _stamp;

    /// <summary>Takes over <paramref name="cap"/> and lowers it as far as it goes.</summary>
    /// <param name="cap">The device's.</param>
    /// <param name="incarnation">Above that of any former start of the device, and of any that followed it: a clock's.</param>
    public CapKeeper(IPowerCap cap, long incarnation)
    {
        _cap = cap;
        _incarnation = incarnation;
        cap.SetCap(cap.MinCapWatts);
    }

    /// <summary>Lowest cap, W.</summary>
    public double MinWatts => _cap.MinCapWatts;

    /// <summary>Highest cap, W.</summary>
    public double MaxWatts => _cap.MaxCapWatts;

    /// <summary>The cap in force and the last order taken, of one moment.</summary>
    public CapState State
    {
        get
        {
            lock (_lock)
            {
                return new CapState(_incarnation, _stamp, _cap.CapWatts);
            }
        }
    }

    /// <summary>Takes an order, unless it is for a former start of the device or older than one it took.</summary>
    /// <returns>What is in force now.</returns>
    public CapState Take(in CapOrder order)
    {
        lock (_lock)
        {
            if (order.Incarnation == _incarnation && order.Stamp > _stamp)
            {
                _stamp = order.Stamp;
                if (!order.IsCeiling || order.Watts < _cap.CapWatts)
                {
                    _cap.SetCap(order.Watts);
                }
            }

            return new CapState(_incarnation, _stamp, _cap.CapWatts);
        }
    }

    /// <summary>Lowers the cap as far as it goes, and begins as if the device had started anew: orders that are still on their way do nothing.</summary>
    public void FallBack()
    {
        lock (_lock)
        {
            _incarnation++;
            _cap.SetCap(_cap.MinCapWatts);
        }
    }
}
