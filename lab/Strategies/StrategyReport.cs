using Crescent.Lab.Studies;

namespace Crescent.Lab.Strategies;

/// <summary>The runs of a study of strategies.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Runs">In the order of rates, budgets, strategies, seeds.</param>
public sealed record StrategyReport(StrategyStudyOptions Options, IReadOnlyList<StrategyRunResult> Runs)
{
    /// <summary>All runs as JSON, without their watts over time.</summary>
    public string ToJson() => StudyJson.Text(
        new
        {
            Simulated = true,
            Fleet = Options.Fleet.ToString(),
            Options.Policy,
            Priority = Options.Priority.ToString(),
            Assumed = Options.Solver,
            Runs = Runs.Select(static run => new
            {
                run.Strategy,
                run.Rate,
                run.Budget,
                run.Seed,
                run.Result.Tasks,
                run.Result.Solved,
                run.Result.Failed,
                run.Result.Calls,
                run.Result.Saved,
                run.Result.OutputTokens,
                run.Result.MeanSeconds,
                run.Result.SecondsP50,
                run.Result.SecondsP90,
                run.Result.MeanWidest,
                run.Result.JoulesPerTask,
                run.Result.JoulesPerSolved,
                run.Result.Fleet.TokensPerJoule,
                run.Result.Fleet.OverBudgetSeconds,
                run.Result.Fleet.MachineSeconds,
            }),
        });
}
