namespace Crescent.Client.Load.Sweeps;

/// <summary>What a sweep goes over.</summary>
internal enum SweepAxis
{
    /// <summary>Calls at a time.</summary>
    Concurrency,

    /// <summary>Calls, or sessions, a second.</summary>
    Rate,

    /// <summary>Sessions at a time.</summary>
    Agents,

    /// <summary>How many times as fast as they were the arrivals of a trace come.</summary>
    Speed,
}
