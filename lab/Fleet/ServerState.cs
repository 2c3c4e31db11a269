namespace Crescent.Lab.Fleet;

/// <summary>How a server is.</summary>
internal enum ServerState
{
    /// <summary>It takes calls.</summary>
    Awake,

    /// <summary>It is being woken.</summary>
    Waking,

    /// <summary>It takes no more calls, and sleeps once it has none.</summary>
    Leaving,

    /// <summary>It is on, and nothing is open on its devices.</summary>
    Parked,

    /// <summary>It sleeps.</summary>
    Asleep,
}
