namespace Crescent.Lab.Studies;

/// <summary>
/// The best of the policies that others have, at one load and budget: of those that are over the budget for no longer than any of them must be, and keep the promise for as many
/// requests as any of those does, less half a percent, the one with the most tokens a joule at the wall. A gain over one that is easily beaten says nothing.
/// </summary>
/// <param name="Policy">Its name.</param>
/// <param name="Mean">Its figures.</param>
public sealed record BestBaseline(string Policy, StudyMean Mean)
{
    /// <summary>Share of the requests by which a baseline may fall behind the one that keeps the promise best, and still be the best one.</summary>
    public const double Slack = 0.005;

    /// <summary>The best of <paramref name="baselines"/>, or null where there is none.</summary>
    public static BestBaseline? Of(IEnumerable<(string Policy, StudyMean Mean)> baselines)
    {
        var all = baselines.ToList();
        if (all.Count == 0)
        {
            return null;
        }

        // Whoever draws more than he may has an easier promise to keep.
        var least = all.Min(static baseline => baseline.Mean.OverBudgetSeconds);
        all.RemoveAll(baseline => baseline.Mean.OverBudgetSeconds > least);
        var most = all.Max(static baseline => baseline.Mean.SloAttainment);
        var (policy, mean) = all.Where(baseline => baseline.Mean.SloAttainment >= most - Slack).MaxBy(static baseline => baseline.Mean.TokensPerJouleAtWall);
        return new BestBaseline(policy, mean);
    }
}
