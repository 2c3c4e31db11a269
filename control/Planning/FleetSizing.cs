using Crescent.Control.Placement;

namespace Crescent.Control.Planning;

/// <summary>
/// How busy a fleet of some size would be with a load, and what it would draw, by the profile of its devices: the load is taken to be spread evenly.
/// </summary>
/// <param name="shape">What a replica is.</param>
/// <param name="level">What callers are promised.</param>
/// <param name="budgetWatts">Most that the devices may draw together, W; infinite for no bound.</param>
public sealed class FleetSizing(ReplicaShape shape, ServiceLevel level, double budgetWatts)
{
    /// <summary>Share of a device's time that prompts may take before their queue grows faster than the promise of a first token allows.</summary>
    public const double MostPromptShare = 0.8;

    /// <summary>The replicas whose lowest caps the budget allows.</summary>
    public int MostByPower => (int)Math.Min(int.MaxValue, Math.Floor((budgetWatts / Math.Max(1, shape.LeastWatts)) + 1e-9));

    /// <summary>The largest of three shares, each 1 where no more can be taken: time between tokens against its promise, KV memory, and time for prompts.</summary>
    public double Utilisation(in FleetLoad load, int replicas)
    {
        var (sequences, context, share, decodeClock) = PerDevice(load, replicas);
        var beside = 1 - Math.Min(share, DeviceForecast.MostPromptShare);
        var between = sequences > 0 ? shape.Profile.DecodeSeconds(Math.Max(1, sequences), context, decodeClock) / beside / level.ItlSeconds : 0;
        var memory = context / Math.Max(1, shape.Positions);

        // Where each device has no more than one sequence, a device more makes none of them faster.
        return Math.Max(sequences > 1 ? between : 0, Math.Max(memory, share / MostPromptShare));
    }

    /// <summary>What the replicas would draw with their servers, W.</summary>
    public double Watts(in FleetLoad load, int replicas)
    {
        if (replicas == 0)
        {
            return 0;
        }

        var (sequences, _, share, decodeClock) = PerDevice(load, replicas);
        var profile = shape.Profile;
        share = Math.Min(1, share);
        var decoding = (1 - share) * Math.Min(1, sequences);
        var prompts = share * (profile.PrefillWattsAt(profile.PrefillClock(Cap(replicas))) - profile.IdleWatts);
        var device = profile.IdleWatts + prompts + (decoding * (profile.DecodeWatts(Math.Max(1, sequences), decodeClock) - profile.IdleWatts));
        return replicas * (shape.HostWatts + (shape.HostFactor * shape.Devices * Math.Min(device, Cap(replicas))));
    }

    /// <summary>The fewest replicas that keep <see cref="Utilisation"/> at or below <paramref name="most"/>; where none does, those that come closest.</summary>
    public int Fewest(in FleetLoad load, int least, int greatest, double most)
    {
        var (best, lowest) = (least, double.PositiveInfinity);
        for (var replicas = least; replicas <= greatest; replicas++)
        {
            var busy = Utilisation(load, replicas);
            if (busy <= most)
            {
                return replicas;
            }

            (best, lowest) = busy < lowest ? (replicas, busy) : (best, lowest);
        }

        return best;
    }

    private double Cap(int replicas) => Math.Clamp(budgetWatts / (replicas * shape.Devices), shape.Profile.MinCapWatts, shape.Profile.MaxCapWatts);

    private (double Sequences, double Context, double PromptShare, double DecodeClock) PerDevice(in FleetLoad load, int replicas)
    {
        var devices = (double)replicas * shape.Devices;
        var sequences = load.Sequences / devices;
        var cap = Cap(replicas);
        return (sequences, load.ContextTokens / devices, load.PromptSeconds / devices / shape.Profile.PrefillClock(cap), shape.Profile.DecodeClock(cap, Math.Max(1, sequences)));
    }
}
