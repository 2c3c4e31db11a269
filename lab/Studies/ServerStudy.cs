using Crescent.Control.Placement;
using Crescent.Lab.Fleet;
using Crescent.Lab.Servers;

namespace Crescent.Lab.Studies;

/// <summary>Runs the same days with each of the variants of <see cref="ServerStudyOptions"/>. The same options give the same results, but for machine times.</summary>
public static class ServerStudy
{
    /// <summary>Runs the study; <paramref name="done"/> hears of each run, from any thread.</summary>
    public static ServerReport Run(ServerStudyOptions options, Action? done = null, CancellationToken cancellationToken = default)
    {
        var runs = new ServerRun[options.Variants.Count];
        Parallel.For(0, runs.Length, new ParallelOptions { MaxDegreeOfParallelism = options.Jobs, CancellationToken = cancellationToken }, i =>
        {
            runs[i] = new ServerRun(options.Variants[i].Name, Run(options, options.Variants[i], cancellationToken));
            done?.Invoke();
        });
        return new ServerReport(options, runs);
    }

    private static FleetResult Run(ServerStudyOptions options, ServerVariant variant, CancellationToken cancellationToken)
    {
        var seconds = options.Days * options.Day.Seconds;
        using var fleet = new VirtualFleet(
            new FleetOptions
            {
                Spec = options.Fleet,
                Policy = options.Policy,
                Weights = new PowerWeights { ShedAbove = StudyOptions.DefaultShedAbove },
                Level = options.Level,
                Seed = options.Seed,
                Servers = new ServerOptions(variant.Create(options))
                {
                    Squeeze = ServerStudyOptions.RealDay / options.Day.Seconds,
                    WakeSeconds = options.WakeSeconds,
                    SleepWatts = options.SleepWatts,
                },
            },
            options.Trace.HasContent);
        return fleet.Run(options.Day.Of(options.Trace.At(options.PeakRate, options.Seed, seconds, seconds), options.Seed), cancellationToken);
    }
}
