using System.Text.Json;
using Crescent.Lab.Fleet;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Studies;

public sealed class StudyTests
{
    private static readonly string[] Fields =
    [
        "policy", "budget", "load", "seed", "tokensPerJoule", "tokensPerJouleAtWall", "sloAttainment", "goodputPerMegawatt", "joulesPerGoodToken",
        "ttftP50", "ttftP99", "itlP50", "itlP99", "overBudgetSeconds", "worstExcess", "simulatedSeconds", "wallSeconds",
    ];

    private static readonly StudyOptions Options = new()
    {
        Fleet = FleetSpec.Parse("sim:h100-sxm*2:tp8", "sim:llama-3-70b-fp8"),
        Trace = SyntheticTrace.Create("poisson"),
        Policies = ["kv-queue", "power-aware"],
        Budgets = [1, 0.7],
        Seeds = 2,
        MinSeconds = 0,
        MaxSeconds = 8,
    };

    [Fact]
    public void Every_combination_is_a_run_with_all_its_figures_and_says_that_it_is_simulated()
    {
        var heard = 0;
        var report = Study.Run(Options, new FullLoad(20, 1, 1), _ => Interlocked.Increment(ref heard), TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(report.ToJson());
        var runs = json.RootElement.GetProperty("runs").EnumerateArray().ToList();
        Assert.True(json.RootElement.GetProperty("simulated").GetBoolean());
        Assert.Equal(8, runs.Count);
        Assert.Equal(8, heard);
        Assert.All(runs, run => Assert.All(Fields, field => Assert.True(run.TryGetProperty(field, out _), field)));
        Assert.Equal(
            [("kv-queue", 1, 0), ("kv-queue", 1, 1), ("power-aware", 1, 0), ("power-aware", 1, 1), ("kv-queue", 0.7, 0), ("kv-queue", 0.7, 1), ("power-aware", 0.7, 0), ("power-aware", 0.7, 1)],
            runs.Select(static run => (run.GetProperty("policy").GetString(), run.GetProperty("budget").GetDouble(), run.GetProperty("seed").GetInt32())));
        Assert.Equal(9, report.ToCsv().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Full_load_is_where_the_promise_is_just_kept()
    {
        var probes = new List<(double Rate, double Attainment)>();
        var full = LoadFinder.Find(Options with { MaxSeconds = 15 }, (_, rate, attainment) => probes.Add((rate, attainment)), TestContext.Current.CancellationToken);
        Assert.Contains((full.Rate, full.Attainment), probes);
        Assert.True(full.Attainment >= LoadFinder.Wanted * full.IdleAttainment);
        var above = probes.Where(probe => probe.Rate > full.Rate).MinBy(static probe => probe.Rate);
        Assert.True(above.Attainment < LoadFinder.Wanted * full.IdleAttainment);
        Assert.True(above.Rate - full.Rate <= LoadFinder.Precision * above.Rate);
    }

    [Theory]
    [InlineData("fastest")]
    [InlineData("kv-queue-energy")]
    [InlineData("power-aware-luck")]
    [InlineData("power-aware+free")]
    public void A_policy_that_is_none_is_named_with_those_that_are(string name)
    {
        var fault = Assert.Throws<FormatException>(() => StudyPolicy.Parse(name));
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
        Assert.Contains("power-aware, kv-queue", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_may_be_studied_without_one_of_its_terms()
    {
        var weights = Options.Weights;
        Assert.Equal(weights with { Energy = 0 }, StudyPolicy.Parse("power-aware-energy").Weigh(weights));
        Assert.Equal(weights with { Overlap = false }, StudyPolicy.Parse("power-aware-overlap").Weigh(weights));
        Assert.Equal(weights, StudyPolicy.Parse("power-aware+uniform").Weigh(weights));
    }
}
