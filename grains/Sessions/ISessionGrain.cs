namespace Crescent.Grains.Sessions;

/// <summary>
/// A conversation whose turns extend each other; its key is a <see cref="SessionKey"/>. It lives in the silo of the device that ran its
/// last turn, follows its turns, and leaves a device that is drained or over its budget. What it knows saves some prefill and no more: it
/// is in memory only, and may be lost at any time.
/// </summary>
[Alias("Crescent.ISessionGrain")]
public interface ISessionGrain : IGrainWithStringKey
{
    /// <summary>The last turn; null when none is known.</summary>
    [Alias("Find"), ResponseTimeout("00:00:01")]
    Task<SessionSighting?> Find();

    /// <summary>A turn was placed, or has ended.</summary>
    [Alias("Remember"), ResponseTimeout("00:00:05")]
    Task Remember(SessionTurn turn);

    /// <summary>Moves to another silo, if the session still lives with a device.</summary>
    /// <param name="device">The device to leave, <c>silo/device</c>.</param>
    /// <param name="refuge">The silo to go to.</param>
    /// <param name="reason">For metrics: drained or power.</param>
    [Alias("Leave"), ResponseTimeout("00:00:05")]
    Task Leave(string device, SiloAddress refuge, string reason);
}
