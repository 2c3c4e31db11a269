namespace Crescent.Control.Placement;

/// <summary>When calls leave a device for another, and by which rules those that wait do: in a cluster and in the lab alike.</summary>
public static class DeviceExits
{
    /// <summary>A call that waits goes where it saves more than this share of the points that it has where it is, and of one point.</summary>
    public const double DefaultMargin = 0.5;

    /// <summary>Moves after which a call that waits stays where it is: it must not wander for ever.</summary>
    public const int MostWanderings = 3;

    /// <summary>A call that waits for less long stays.</summary>
    public static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(500);

    /// <summary>Charges a call that should leave <paramref name="device"/> to another that may take it now, so that no more leave than there is room for.</summary>
    /// <param name="book">Where it is charged.</param>
    /// <param name="id">Of its reservation.</param>
    /// <param name="device">The device that has it.</param>
    /// <param name="left">Tokens that may still come.</param>
    /// <param name="worst">The worst gate behind which it fares no worse than where it is.</param>
    /// <param name="margin">What it has to save, as <see cref="DefaultMargin"/>; null where it has to leave whatever it saves.</param>
    /// <returns>Points saved, or null when it stays.</returns>
    public static double? Move(PlacementBook book, long id, string device, int left, PlacementGate worst, double? margin)
    {
        var other = book.Elsewhere(id, left, mayReturn: margin is null, out var call, out var present);
        if (!other.IsPlaced || !call.Avoids(device) || book.View.Gate(call, other.Device) > worst)
        {
            return null;
        }

        var saved = present - other.Terms.Score;
        if (saved <= margin * Math.Max(1, present))
        {
            return null;
        }

        book.Charge(call, id, other.Device);
        return saved;
    }
}
