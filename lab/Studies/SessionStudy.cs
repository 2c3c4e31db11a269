using Crescent.Control.Placement;
using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Fleet;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Studies;

/// <summary>Runs sessions under every variant, load and seed that <see cref="SessionStudyOptions"/> name. The same options give the same results, but for machine times.</summary>
public static class SessionStudy
{
    /// <summary>See <see cref="FullRate"/>.</summary>
    public const double FullWait = 2;

    // Sessions a second and device: hardly two of them meet; more than any device serves.
    private const double IdleRate = 0.005;
    private const double MostRate = 100;
    private const double Precision = 0.05;

    /// <summary>Runs the study at <paramref name="full"/> sessions a second; <paramref name="done"/> hears of each run, from any thread.</summary>
    public static SessionReport Run(SessionStudyOptions options, double full, Action<SessionRunResult>? done = null, CancellationToken cancellationToken = default)
    {
        var cases = (
            from load in options.Loads
            from variant in options.Variants
            from seed in Enumerable.Range(0, options.Seeds)
            select (variant, load, seed)).ToArray();
        var runs = new SessionRunResult[cases.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Jobs, CancellationToken = cancellationToken };
        Parallel.For(0, cases.Length, parallel, i =>
        {
            var (variant, load, seed) = cases[i];
            var arrivals = Load(options, seed) with { Rate = full * load };
            var run = runs[i] = new SessionRunResult(variant.Name, load, seed, Run(options, variant, arrivals, cancellationToken));
            done?.Invoke(run);
        });
        return new SessionReport(options, full, runs);
    }

    /// <summary>How many runs the options ask for.</summary>
    public static int Count(SessionStudyOptions options) => options.Loads.Count * options.Variants.Count * options.Seeds;

    /// <summary>
    /// The rate at which sessions wait for their answers <see cref="FullWait"/> times as long as on an all but idle fleet when calls go first come, first served,
    /// without host memory; found by bisection, right to a twentieth.
    /// </summary>
    /// <param name="options">Of which the first variant and the loads have no part in it.</param>
    /// <param name="progress">Hears of each probe: rate, and mean wait of a task in s.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FormatException">There is no such rate.</exception>
    public static double FullRate(SessionStudyOptions options, Action<double, double>? progress = null, CancellationToken cancellationToken = default)
    {
        double Wait(double rate)
        {
            var result = Run(options, SessionVariant.Parse("fcfs"), Load(options, 0) with { Rate = rate }, cancellationToken);
            progress?.Invoke(rate, result.MeanCallSeconds);
            return result.MeanCallSeconds;
        }

        var low = IdleRate * options.Fleet.Devices.Count;
        var most = FullWait * Wait(low);
        var high = 0.0;
        for (var rate = 4 * low; high == 0 || high - low > Precision * high; rate = high == 0 ? rate * 2 : (low + high) / 2)
        {
            if (rate > MostRate * options.Fleet.Devices.Count)
            {
                throw new FormatException($"Sessions of '{options.Trace.Name}' never wait {FullWait:0.#} times as long on {options.Fleet} as on an idle one. Give the rate that counts as load 1: --full-rate.");
            }

            (low, high) = Wait(rate) <= most ? (rate, high) : (low, rate);
        }

        return low;
    }

    private static SessionLoadOptions Load(SessionStudyOptions options, int seed) => new()
    {
        Rate = 1,
        WarmUpSeconds = options.WarmUpSeconds,
        WindowSeconds = options.WindowSeconds,
        Priority = options.Priority,
        Seed = seed,
    };

    private static SessionResult Run(SessionStudyOptions options, SessionVariant variant, SessionLoadOptions load, CancellationToken cancellationToken)
    {
        var blockBytes = SimulatedDevice.BlockBytesOf(options.Fleet.Devices, options.Fleet.Model, SessionTrace.BlockTokens);
        using var fleet = new VirtualFleet(
            new FleetOptions
            {
                Spec = options.Fleet,
                Policy = variant.Placement(options.Policy),
                Budget = options.Budget,
                Weights = new PowerWeights { ShedAbove = 0 },
                Level = options.Level,
                Engine = variant.Engine((int)Math.Min(int.MaxValue / 4, options.HostGigabytes * 1e9 / blockBytes)),
                BlockSize = SessionTrace.BlockTokens,
                Seed = load.Seed,
            },
            caches: true);
        return fleet.Run(options.Trace, load, cancellationToken);
    }
}
