using Crescent.Control.Placement;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Studies;

/// <summary>
/// Finds by bisection how many agents a fleet serves at once within each tier, under each policy. An agent is a session of the trace whose next call comes when its answer is there and
/// its pause is over; one that has ended is followed by another, and the first ones begin somewhere within theirs. Engines, placement and caps are promised what the tier is.
/// </summary>
public static class AgentStudy
{
    /// <summary>The found number is right within this share of it.</summary>
    private const double Precision = 0.05;

    /// <summary>Few agents make few calls, of which one that begins without a cache may be the 95th of 100: up to here more of them may do where fewer did not.</summary>
    private const int Few = 8;
    private const int MostMisses = 3;

    /// <summary>Runs the study, several searches at once; <paramref name="done"/> hears of each, from any thread.</summary>
    public static IReadOnlyList<AgentRun> Run(AgentStudyOptions options, Action? done = null, CancellationToken cancellationToken = default)
    {
        var cases = (
            from tier in options.Tiers
            from system in options.Systems
            from policy in options.Policies
            select (tier, system, policy: StudyPolicy.Parse(policy))).ToArray();
        var runs = new AgentRun[cases.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Jobs, CancellationToken = cancellationToken };
        Parallel.For(0, cases.Length, parallel, i =>
        {
            var (tier, system, policy) = cases[i];
            runs[i] = Find(options, system.Name, system.Fleet, policy, tier, cancellationToken);
            done?.Invoke();
        });
        return runs;
    }

    /// <summary>How many searches the options ask for.</summary>
    public static int Count(AgentStudyOptions options) => options.Systems.Count * options.Tiers.Count * options.Policies.Count;

    private static AgentRun Find(
        AgentStudyOptions options, string name, FleetSpec fleet, StudyPolicy policy, AgentTier tier, CancellationToken cancellationToken)
    {
        var known = new SortedDictionary<int, SessionResult>();
        bool IsMet(int agents)
        {
            var result = known[agents] = Serve(options, fleet, policy, tier, agents, cancellationToken);
            return tier.IsMet(result.SpeedP25, result.TtftP95);
        }

        var (low, high, misses) = (0, options.FewestAgents, 0);
        for (var agents = options.FewestAgents; agents <= options.MostAgents && misses < (low >= Few ? 1 : MostMisses); agents *= 2)
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

        var limit = known.TryGetValue(high, out var tooMany) ? AgentLimit.Of(high, tooMany) : null;
        var best = known[low > 0 ? low : options.FewestAgents];
        var gpus = fleet.Devices.GpuCount;
        if (low == 0)
        {
            return new AgentRun(name, policy.Name, tier, 0, 0, 0, 0, best.WindowWatts / gpus, best.SpeedP25, best.TtftP95, best.CachedShare, limit);
        }

        // A fleet that fills its last server only in part has that part of what the server draws by itself.
        var watts = best.WindowWatts;
        var atWall = (FleetSpec.NodeFactor * watts) + (FleetSpec.NodeWatts * gpus / FleetSpec.NodeGpus);
        return new AgentRun(
            name, policy.Name, tier, low, (double)low / gpus, low / watts * 1e6, low / atWall * 1e6, watts / gpus, best.SpeedP25, best.TtftP95, best.CachedShare, limit);
    }

    private static SessionResult Serve(AgentStudyOptions options, FleetSpec spec, StudyPolicy policy, AgentTier tier, int agents, CancellationToken cancellationToken)
    {
        var blockBytes = SimulatedDevice.BlockBytesOf(spec.Devices, spec.Model, SessionTrace.BlockTokens);
        using var fleet = new VirtualFleet(
            new FleetOptions
            {
                Spec = spec,
                Policy = policy.Placement,
                Fronts = options.Fronts,
                Controller = policy.Controller?.Invoke(tier.Level),
                Weights = policy.Weigh(new PowerWeights { ShedAbove = 0 }),
                MoveMargin = policy.MoveMargin,
                Level = tier.Level,
                LengthError = policy.LengthFactor - 1,
                Belief = policy.Belief,
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
