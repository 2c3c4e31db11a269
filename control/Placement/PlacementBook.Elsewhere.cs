namespace Crescent.Control.Placement;

/// <content>What a call that is placed would meet elsewhere.</content>
public sealed partial class PlacementBook
{
    /// <summary>
    /// Where a call that is placed would go if its device were out of the question. What its device was found to have cached of it counts for that device;
    /// others are taken to have nothing, which keeps calls where their siblings are.
    /// </summary>
    /// <param name="id">Of its reservation.</param>
    /// <param name="left">Tokens that may still come; those that have come since it was placed are a part of its prompt now.</param>
    /// <param name="mayReturn">Whether devices that it has avoided so far come into question again, since it has to leave.</param>
    /// <param name="call">What is left of the call.</param>
    /// <param name="present">The points that its present device would have, were it placed there now.</param>
    public PlacementDecision Elsewhere(long id, int left, bool mayReturn, out PlacementCall call, out double present)
    {
        (call, present) = (default, 0);
        if (!_reservations.TryGetValue(id, out var reservation) || view.IndexOf(reservation.Device) is not (>= 0 and var at))
        {
            return PlacementDecision.None;
        }

        view.ChangeOverlap().Clear();
        view.ChangeOverlap()[at] = (reservation.Call.PromptTokens - reservation.Uncached) / Math.Max(1, view.Devices[at].Load.BlockSize);
        present = WithoutItself(reservation, at);
        var placed = reservation.Call;
        var come = Math.Max(0, placed.MaxTokens - Math.Max(1, left));
        call = placed with
        {
            PromptTokens = placed.PromptTokens + come,
            MaxTokens = placed.MaxTokens - come,
            ExpectedTokens = Math.Clamp(placed.ExpectedTokens - come, 1, placed.MaxTokens - come),
            Avoid = mayReturn ? [reservation.Device] : [.. placed.Avoid ?? [], reservation.Device],
            Prefer = null,
        };

        // What its device holds of it would have to be computed again elsewhere.
        var other = policy.Choose(call, view);
        view.ChangeOverlap().Clear();
        return other;
    }

    /// <summary>Scores a call on its own device as if it came now, behind what it is behind: those that have come after it do not keep it waiting.</summary>
    private double WithoutItself(Reservation reservation, int at)
    {
        ref var device = ref view.Devices[at];
        var kept = device;
        var load = device.Load;
        if (reservation.Seen)
        {
            load = load with
            {
                Waiting = Math.Max(0, load.Waiting - 1),
                QueuedPromptTokens = Math.Max(0, load.QueuedPromptTokens - reservation.Uncached),
                QueuedPromptSeconds = Math.Max(0, load.QueuedPromptSeconds - reservation.PromptSeconds),
            };
        }
        else
        {
            Weigh(reservation, at, -1);
        }

        var queued = load.QueuedSeconds(device.Profile) + device.UnseenPromptSeconds;
        var ahead = queued > 0 ? Math.Min(1, reservation.Ahead(load, device.Profile) / queued) : 0;
        device.Load = load with { QueuedPromptTokens = (int)(load.QueuedPromptTokens * ahead), QueuedPromptSeconds = load.QueuedPromptSeconds * ahead };
        device.UnseenPromptTokens = (int)(device.UnseenPromptTokens * ahead);
        device.UnseenPromptSeconds *= ahead;
        (device.OthersPromptTokens, device.OthersPromptSeconds) = (0, 0);
        view.Refresh(at);
        var score = policy.Score(reservation.Call, view, at).Score;
        device = kept;
        if (!reservation.Seen)
        {
            device.Charge(0, reservation.Watts);
        }

        view.Refresh(at);
        return score;
    }
}
