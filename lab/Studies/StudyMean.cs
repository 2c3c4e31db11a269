namespace Crescent.Lab.Studies;

/// <summary>Figures of a policy at a load and a budget: means over the seeds.</summary>
public sealed record StudyMean(
    double SloAttainment,
    double TokensPerJoule,
    double TokensPerJouleAtWall,
    double Goodput,
    double GoodputPerMegawatt,
    double JoulesPerGoodToken,
    double TtftP50,
    double TtftP99,
    double ItlP50,
    double ItlP99,
    double Watts,
    double OverBudgetSeconds,
    double WorstExcess,
    double RefusedShare)
{
    /// <summary>The means of <paramref name="runs"/>; of <see cref="WorstExcess"/> the worst.</summary>
    public static StudyMean Of(IEnumerable<StudyRun> runs)
    {
        var results = runs.Select(static run => run.Result).ToList();
        return new StudyMean(
            results.Average(static run => run.SloAttainment),
            results.Average(static run => run.TokensPerJoule),
            results.Average(static run => run.TokensPerJouleAtWall),
            results.Average(static run => run.Goodput),
            results.Average(static run => run.GoodputPerMegawatt),
            results.Average(static run => run.JoulesPerGoodToken),
            results.Average(static run => run.TtftP50),
            results.Average(static run => run.TtftP99),
            results.Average(static run => run.ItlP50),
            results.Average(static run => run.ItlP99),
            results.Average(static run => run.Joules / run.Seconds),
            results.Average(static run => run.OverBudgetSeconds),
            results.Max(static run => run.WorstExcess),
            results.Average(static run => (double)run.Refused / run.Requests));
    }
}
