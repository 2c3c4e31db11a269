namespace Crescent.Engine.Power;

/// <summary>A device whose power can be capped. Any thread may read and set the cap; the device obeys from its next step on.</summary>
public interface IPowerCap
{
    /// <summary>Lowest cap the device takes, W.</summary>
    double MinCapWatts { get; }

    /// <summary>Highest cap, W: none at all.</summary>
    double MaxCapWatts { get; }

    /// <summary>The cap that it was told last, W; what it runs now may have begun under a higher one.</summary>
    double CapWatts { get; }

    /// <summary>Sets the cap, bounded by the lowest and the highest.</summary>
    /// <returns>The cap now in force.</returns>
    double SetCap(double watts);
}
