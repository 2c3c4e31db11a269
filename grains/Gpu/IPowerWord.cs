namespace Crescent.Grains.Gpu;

/// <summary>What the power governor last said, as far as devices heed it by themselves.</summary>
internal interface IPowerWord
{
    /// <summary>Seconds since the governor was heard.</summary>
    double AgeSeconds { get; }

    /// <summary>Calls and tasks of the batch class are to wait.</summary>
    bool DeferBatch { get; }

    /// <summary>Whether the device <paramref name="key"/> is to take no new work.</summary>
    bool Drains(string key);

    /// <summary>The highest price of power of the levels that a device hangs on, in points; 0 where there is enough, or nobody says.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="rack">Its rack.</param>
    double Price(string node, string rack);
}
