using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Crescent.Lab.Studies;

/// <summary>The runs of a study, and their files.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Full">What load 1 stands for.</param>
/// <param name="Runs">In the order of loads, budgets, policies, seeds.</param>
public sealed record StudyReport(StudyOptions Options, FullLoad Full, IReadOnlyList<StudyRun> Runs)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static readonly (string Name, Func<StudyRun, object> Value)[] Columns =
    [
        ("policy", static run => run.Policy),
        ("budget", static run => run.Budget),
        ("load", static run => run.Load),
        ("seed", static run => run.Seed),
        ("tokensPerJoule", static run => run.Result.TokensPerJoule),
        ("tokensPerJouleAtWall", static run => run.Result.TokensPerJouleAtWall),
        ("sloAttainment", static run => run.Result.SloAttainment),
        ("goodputPerMegawatt", static run => run.Result.GoodputPerMegawatt),
        ("goodputPerBudgetMegawatt", static run => run.Result.GoodputPerBudgetMegawatt),
        ("joulesPerGoodToken", static run => run.Result.JoulesPerGoodToken),
        ("ttftP50", static run => run.Result.TtftP50),
        ("ttftP99", static run => run.Result.TtftP99),
        ("itlP50", static run => run.Result.ItlP50),
        ("itlP99", static run => run.Result.ItlP99),
        ("overBudgetSeconds", static run => run.Result.OverBudgetSeconds),
        ("worstExcess", static run => run.Result.WorstExcess),
        ("simulatedSeconds", static run => run.Result.Seconds),
        ("wallSeconds", static run => run.Result.MachineSeconds),
        ("requests", static run => run.Result.Requests),
        ("refused", static run => run.Result.Refused),
        ("moves", static run => run.Result.Moves),
        ("tokens", static run => run.Result.Tokens),
        ("goodput", static run => run.Result.Goodput),
        ("watts", static run => run.Result.Joules / run.Result.Seconds),
        ("idleShare", static run => run.Result.IdleJoules / run.Result.Joules),
        ("cacheHitShare", static run => run.Result.CachedTokens / (double)Math.Max(1, run.Result.PromptTokens)),
    ];

    /// <summary>The runs of one policy at one budget and load, all seeds.</summary>
    public IEnumerable<IGrouping<(double Load, double Budget, string Policy), StudyRun>> Groups =>
        Runs.GroupBy(static run => (run.Load, run.Budget, run.Policy));

    /// <summary>What gains at a load and a budget are measured against; null where no baseline was run.</summary>
    public BestBaseline? Baseline(double load, double budget) => BestBaseline.Of(
        Groups.Where(group => group.Key.Load == load && group.Key.Budget == budget && StudyPolicy.Parse(group.Key.Policy).IsBaseline)
            .Select(static group => (group.Key.Policy, StudyMean.Of(group))));

    /// <summary>Everything as JSON: what was run, what load 1 stands for, and <c>runs[]</c>. NaN and Infinity are strings.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            simulated = true,
            fleet = Options.Fleet.ToString(),
            trace = Options.Trace.Name,
            traceRequests = Options.Trace.Requests.Count,
            nameplateWatts = Options.Fleet.NameplateWatts,
            slo = new { ttftSeconds = Options.Level.TtftSeconds, itlSeconds = Options.Level.ItlSeconds },
            fullLoad = new { requestsPerSecond = Full.Rate, attainment = Full.Attainment, idleAttainment = Full.IdleAttainment },
            bestBaselines = Groups.Select(static group => (group.Key.Load, group.Key.Budget)).Distinct().Select(at => new { load = at.Load, budget = at.Budget, policy = Baseline(at.Load, at.Budget)?.Policy }),
            runs = Runs.Select(static run => Columns.ToDictionary(static column => column.Name, column => column.Value(run))),
        },
        Json);

    /// <summary>The runs as CSV.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder().AppendJoin(',', Columns.Select(static column => column.Name)).Append(",simulated\n");
        foreach (var run in Runs)
        {
            text.AppendJoin(',', Columns.Select(column => Convert.ToString(column.Value(run), CultureInfo.InvariantCulture))).Append(",true\n");
        }

        return text.ToString();
    }
}
