using Crescent.Lab.Fleet;
using Crescent.Lab.Servers;

namespace Crescent.Lab.Studies;

/// <summary>Runs every combination that <see cref="StudyOptions"/> name, several at once. The same options give the same results, but for machine times.</summary>
public static class Study
{
    /// <summary>Runs the study at <paramref name="full"/> load; <paramref name="done"/> hears of each run, from any thread.</summary>
    public static StudyReport Run(StudyOptions options, FullLoad full, Action<StudyRun>? done = null, CancellationToken cancellationToken = default)
    {
        var cases = (
            from load in options.Loads
            from budget in options.Budgets
            from policy in options.Policies
            from seed in Enumerable.Range(0, options.Seeds)
            select (Policy: StudyPolicy.Parse(policy), budget, load, seed)).ToArray();
        var runs = new StudyRun[cases.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Jobs, CancellationToken = cancellationToken };
        Parallel.For(0, cases.Length, parallel, i =>
        {
            var (policy, budget, load, seed) = cases[i];
            var run = runs[i] = new StudyRun(policy.Name, budget, load, seed, Run(options, policy, budget, full.Rate * load, seed, cancellationToken));
            done?.Invoke(run);
        });
        return new StudyReport(options, full, runs);
    }

    /// <summary>How many runs the options ask for.</summary>
    public static int Count(StudyOptions options) => options.Loads.Count * options.Budgets.Count * options.Policies.Count * options.Seeds;

    private static FleetResult Run(StudyOptions options, StudyPolicy policy, double budget, double rate, int seed, CancellationToken cancellationToken)
    {
        using var fleet = new VirtualFleet(
            new FleetOptions
            {
                Spec = options.Fleet,
                Policy = policy.Placement,
                Fronts = options.Fronts,
                Budget = budget,
                Schedule = options.Schedule,
                RackBudgets = options.RackBudgets,
                Controller = policy.Controller?.Invoke(options.Level),
                Weights = policy.Weigh(options.Weights),
                MoveMargin = policy.MoveMargin,
                Level = options.Level,
                LengthError = ((1 + options.LengthError) * policy.LengthFactor) - 1,
                Belief = policy.Belief,
                Servers = policy.Parks ? new ServerOptions(new ParkingServers(options.Level)) { Parks = true, LookSeconds = ParkingServers.LookSeconds } : null,
                Seed = seed,
            },
            options.Trace.HasContent);
        return fleet.Run(options.Trace.At(rate, seed, options.MinSeconds, options.MaxSeconds), cancellationToken);
    }
}
