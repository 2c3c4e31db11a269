using Crescent.Control.Placement;
using Crescent.Control.Planning;

namespace Crescent.Lab.Servers;

/// <summary>
/// As many servers as the load needs by the devices' profiles, with some to spare, and ahead of it: what the newest minutes needed at the most, and by how much more load has come
/// over the time that opening a server takes. Looked at each second, for fleets that park what they do not need; placement packs calls on the others.
/// </summary>
/// <param name="level">What callers are promised.</param>
/// <param name="headroom">Share of what the promise, KV memory and prompts allow that a server is planned to be used to, above 0, at most 1.</param>
/// <param name="quietSeconds">A server goes once so many seconds have needed fewer.</param>
/// <param name="aheadSeconds">How far ahead load is foreseen.</param>
public sealed class ParkingServers(
    ServiceLevel level, double headroom = ParkingServers.DefaultHeadroom, double quietSeconds = ParkingServers.DefaultQuiet, double aheadSeconds = ParkingServers.DefaultAhead)
    : IServerCount
{
    /// <summary>Share to which servers are planned to be used.</summary>
    public const double DefaultHeadroom = 0.6;

    /// <summary>A minute, in which opening a server again would cost what having it parked saves, and a burst may come back.</summary>
    public const double DefaultQuiet = 60;

    /// <summary>As long as opening a server takes.</summary>
    public const double DefaultAhead = 20;

    /// <summary>From one look to the next, s.</summary>
    public const double LookSeconds = 1;

    private readonly Queue<(double At, int Need)> _needs = new();
    private readonly Queue<(double At, FleetLoad Load)> _loads = new();
    private int _all = 1;
    private double _firstAt = double.NaN;

    public int First(int all) => _all = all;

    public int Wanted(in PlannerView view)
    {
        _firstAt = double.IsNaN(_firstAt) ? view.Now : _firstAt;
        _loads.Enqueue((view.Now, view.Load));
        while (_loads.Peek().At < view.Now - aheadSeconds)
        {
            _loads.Dequeue();
        }

        // Where it goes on as it came: never less than now.
        var ahead = view.Load.With(view.Load.With(_loads.Peek().Load, static (now, then) => Math.Max(0, now - then)), static (now, more) => now + more);
        var need = Math.Min(_all, new FleetSizing(view.Shape!, level, double.PositiveInfinity).Fewest(ahead, 1, _all, headroom) + 1);
        _needs.Enqueue((view.Now, need));
        while (_needs.Peek().At < view.Now - quietSeconds)
        {
            _needs.Dequeue();
        }

        // What the last minute needed is not known before one has passed.
        return view.Now - _firstAt < quietSeconds ? Math.Max(need, view.Replicas) : Math.Max(need, Math.Min(view.Replicas, _needs.Max(static n => n.Need)));
    }
}
