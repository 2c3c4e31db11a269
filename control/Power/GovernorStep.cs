namespace Crescent.Control.Power;

/// <summary>What a governor wants done after one look at the factory. It is made anew by the next look.</summary>
public sealed class GovernorStep
{
    /// <summary>Caps to set, in this order; each counts from now on, whether or not the device ever answers.</summary>
    public List<CapOrder> Orders { get; } = [];

    /// <summary>Every level that has a budget, for the views of all silos.</summary>
    public List<LevelPower> Levels { get; } = [];

    /// <summary>What changed since the last look.</summary>
    public List<PowerEvent> Events { get; } = [];

    /// <summary>Calls of the batch class are to wait.</summary>
    public bool DeferBatch { get; internal set; }

    /// <summary>Devices that are to be drained.</summary>
    public List<string> Drain { get; } = [];

    internal void Clear()
    {
        Orders.Clear();
        Levels.Clear();
        Events.Clear();
        Drain.Clear();
        DeferBatch = false;
    }
}
