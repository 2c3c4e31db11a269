using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Studies;

/// <summary>
/// Finds by bisection how many agents a device serves at once within each tier. An agent is a session of the trace whose next call comes when its answer is there and its pause is
/// over; one that has ended is followed by another, and the first ones begin somewhere within theirs.
/// </summary>
public static class AgentStudy
{
    /// <summary>The found number is right within this share of it.</summary>
    private const double Precision = 0.05;

    /// <summary>Runs the study, one run after the other; <paramref name="done"/> hears of each system and tier.</summary>
    public static IReadOnlyList<AgentRun> Run(AgentStudyOptions options, Action? done = null, CancellationToken cancellationToken = default)
    {
        var runs = new List<AgentRun>();
        foreach (var (name, fleet) in options.Systems)
        {
            var known = new SortedDictionary<int, SessionResult>();
            foreach (var tier in options.Tiers)
            {
                runs.Add(Find(options, name, fleet, tier, known, cancellationToken));
                done?.Invoke();
            }
        }

        return runs;
    }

    private static AgentRun Find(
        AgentStudyOptions options, string name, FleetSpec fleet, AgentTier tier, SortedDictionary<int, SessionResult> known, CancellationToken cancellationToken)
    {
        bool IsMet(int agents)
        {
            if (!known.TryGetValue(agents, out var result))
            {
                known.Add(agents, result = Serve(options, fleet, agents, cancellationToken));
            }

            return tier.IsMet(result.SpeedP25, result.TtftP95);
        }

        // Few agents make few calls, of which one that begins without a cache may be the 95th of 100: more of them may do where fewer did not, so all powers of two are tried, until
        // three in a row are too many.
        var (low, high, misses) = (0, 1, 0);
        for (var agents = 1; agents <= options.MostAgents && misses < 3; agents *= 2)
        {
            var isMet = IsMet(agents);
            misses = isMet ? 0 : misses + 1;
            (low, high) = isMet ? (agents, Math.Min(2 * agents, options.MostAgents + 1)) : (low, high);
        }

        while (low > 0 && high - low > Math.Max(1, Precision * high))
        {
            var middle = (low + high) / 2;
            (low, high) = IsMet(middle) ? (middle, high) : (low, middle);
        }

        if (low == 0)
        {
            return new AgentRun(name, tier, 0, 0, 0, 0, known[1].SpeedP25, known[1].TtftP95, known[1].CachedShare);
        }

        var best = known[low];
        var gpus = fleet.Devices.GpuCount;

        // A device that fills its server only in part has that part of what the server draws by itself.
        var watts = best.Fleet.Joules / best.Fleet.Seconds;
        var atWall = (FleetSpec.NodeFactor * watts) + (FleetSpec.NodeWatts * gpus / FleetSpec.NodeGpus);
        return new AgentRun(name, tier, low, (double)low / gpus, low / watts * 1e6, low / atWall * 1e6, best.SpeedP25, best.TtftP95, best.CachedShare);
    }

    private static SessionResult Serve(AgentStudyOptions options, FleetSpec spec, int agents, CancellationToken cancellationToken)
    {
        var blockBytes = spec.Model.KvBytesPerToken(spec.Devices.TensorParallel, spec.Devices.DataParallel) * SessionTrace.BlockTokens;
        using var fleet = new VirtualFleet(
            new FleetOptions
            {
                Spec = spec,
                Policy = KvQueuePolicy.PolicyName,
                Weights = new PowerWeights { ShedAbove = 0 },
                MaxQueued = int.MaxValue,
                Engine = new EngineOptions { HostBlocks = (int)Math.Min(int.MaxValue / 4, options.HostGigabytes * 1e9 / blockBytes), KeepsPrograms = true },
                BlockSize = SessionTrace.BlockTokens,
                Seed = options.Seed,
            },
            caches: true);
        return fleet.Run(
            options.Trace,
            new SessionLoadOptions
            {
                Rate = 1,
                Agents = agents,
                WarmUpSeconds = options.WarmUpSeconds,
                WindowSeconds = options.WindowSeconds,
                PatienceSeconds = 0,
                Seed = options.Seed,
            },
            cancellationToken);
    }
}
