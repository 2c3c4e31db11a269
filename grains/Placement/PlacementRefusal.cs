using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Placement;

/// <summary>Says why no device may take a call.</summary>
internal static class PlacementRefusal
{
    /// <summary>Step time that is assumed of a device that has made none yet, s.</summary>
    private const double LeastStepSeconds = 0.001;

    /// <summary>Why no device of <paramref name="view"/> may take <paramref name="call"/>, or null when one may.</summary>
    public static Refusal? Of(in PlacementCall call, FactoryView view)
    {
        if (view.TryFindGate(call, out var best))
        {
            return null;
        }

        if (view.Devices.IsEmpty)
        {
            return new Refusal(RefusalReason.Unavailable, "No device is in the cluster now.", TimeSpan.FromSeconds(1));
        }

        return best switch
        {
            PlacementGate.OtherModel => new Refusal(RefusalReason.Unavailable, $"No device serves {call.Model} now.", TimeSpan.FromSeconds(1)),
            PlacementGate.TooSmall => new Refusal(
                RefusalReason.TooLong,
                $"{call.PromptTokens} prompt tokens and {call.MaxTokens} output tokens exceed the {MostPositions(view, call.Model)} positions of the largest device.",
                null),
            PlacementGate.Draining => new Refusal(RefusalReason.Stopping, "All devices that could take it are drained: by an operator, for want of power, or because their silo stops.", TimeSpan.FromSeconds(1)),
            PlacementGate.Closed => new Refusal(RefusalReason.Unavailable, "All devices that could take it are sick, closed, or being opened.", TimeSpan.FromSeconds(1)),
            PlacementGate.Stale when IsHeard(view, call.Model) => new Refusal(RefusalReason.Unavailable, "No silo with a device that could take it takes calls yet.", TimeSpan.FromSeconds(1)),
            PlacementGate.Stale => new Refusal(
                RefusalReason.Unavailable, $"No device was heard of for {view.StaleAfter} s.", TimeSpan.FromSeconds(view.StaleAfter)),
            PlacementGate.Avoided => new Refusal(RefusalReason.Unavailable, "All devices that could take it have failed it.", TimeSpan.FromSeconds(1)),
            _ => new Refusal(RefusalReason.Overloaded, "All devices have full queues.", RetryAfter(view, call)),
        };
    }

    private static bool IsHeard(FactoryView view, string? model)
    {
        foreach (ref readonly var device in view.Devices)
        {
            if ((model is null || model == device.Model) && view.Now - device.HeardAt <= view.StaleAfter)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The refusal of a call that devices could take, but none in the promised time.</summary>
    public static Refusal Shed(FactoryView view, in PlacementCall call) =>
        new(RefusalReason.Overloaded, "All devices are so busy that none would answer in the promised time.", RetryAfter(view, call));

    /// <summary>Positions that the largest device with <paramref name="model"/>, null for any, can give one sequence; 0 where there is none.</summary>
    public static int MostPositions(FactoryView view, string? model)
    {
        var most = 0;
        foreach (ref readonly var device in view.Devices)
        {
            most = model is null || model == device.Model ? Math.Max(most, device.Load.Positions) : most;
        }

        return most;
    }

    /// <summary>The same of the devices that take new work now; of all, where none does.</summary>
    public static int MostPositionsNow(FactoryView view, string? model)
    {
        var most = 0;
        foreach (ref readonly var device in view.Devices)
        {
            if ((model is null || model == device.Model) && !device.Draining && !device.Closed && device.Reachable && view.Now - device.HeardAt <= view.StaleAfter)
            {
                most = Math.Max(most, device.Load.Positions);
            }
        }

        return most > 0 ? most : MostPositions(view, model);
    }

    /// <summary>Until a place in the shortest queue is free, as far as step times tell: 1 to 60 s.</summary>
    private static TimeSpan RetryAfter(FactoryView view, in PlacementCall call)
    {
        var shortest = double.MaxValue;
        foreach (ref readonly var device in view.Devices)
        {
            if (call.Model is { } model && model != device.Model)
            {
                continue;
            }

            // A place is free when one of the running sequences has ended: in the mean after some hundred steps over the batch.
            var steps = 100.0 / Math.Max(1, device.Load.Running);
            shortest = Math.Min(shortest, steps * Math.Max(device.Load.StepSeconds, LeastStepSeconds));
        }

        return TimeSpan.FromSeconds(Math.Clamp(shortest, 1, 60));
    }
}
