using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;

namespace Crescent.Lab.Strategies;

/// <summary>Plays tasks under every strategy, rate, budget and seed that <see cref="StrategyStudyOptions"/> name. The same options give the same results, but for machine times.</summary>
public static class StrategyStudy
{
    /// <summary>How many runs the options ask for.</summary>
    public static int Count(StrategyStudyOptions options) => options.Rates.Count * options.Budgets.Count * options.Strategies.Count * options.Seeds;

    /// <summary>Runs the study; <paramref name="done"/> hears of each run, from any thread.</summary>
    public static StrategyReport Run(StrategyStudyOptions options, Action<StrategyRunResult>? done = null, CancellationToken cancellationToken = default)
    {
        var cases = (
            from rate in options.Rates
            from budget in options.Budgets
            from strategy in options.Strategies
            from seed in Enumerable.Range(0, options.Seeds)
            select (rate, budget, strategy, seed)).ToArray();
        var runs = new StrategyRunResult[cases.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Jobs, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(0, cases.Length, parallel, Play);
        }
        catch (AggregateException faults) when (faults.InnerExceptions.OfType<FormatException>().FirstOrDefault() is { } fault)
        {
            throw new FormatException(fault.Message, faults);
        }

        return new StrategyReport(options, runs);

        void Play(int i)
        {
            var (rate, budget, strategy, seed) = cases[i];
            using var fleet = new VirtualFleet(
                new FleetOptions
                {
                    Spec = options.Fleet,
                    Policy = options.Policy,
                    Budget = budget,
                    Weights = new PowerWeights { ShedAbove = 0 },
                    Engine = new EngineOptions { QueueOrder = QueueOrder.Program },
                    Seed = seed,
                },
                caches: true);
            var load = new StrategyLoadOptions { Strategy = strategy, Rate = rate, Tasks = options.Tasks, Priority = options.Priority, Solver = options.Solver, Seed = seed };
            var run = runs[i] = new StrategyRunResult(strategy.Text, rate, budget, seed, new StrategyLoad(fleet, load).Play(cancellationToken));
            done?.Invoke(run);
        }
    }
}
