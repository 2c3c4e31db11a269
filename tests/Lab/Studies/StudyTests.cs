using System.Text.Json;
using Crescent.Control.Placement;
using Crescent.Control.Power;
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
        var lines = report.ToCsv().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(9, lines.Length);
        Assert.EndsWith(",simulated", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], static line => Assert.EndsWith(",true", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_is_a_fleet_with_all_that_the_options_say()
    {
        var options = Options with
        {
            Policies = ["power-aware-energy", "kv-queue+efficient"],
            Budgets = [0.7],
            Loads = [0.5],
            Schedule = BudgetSchedule.Step(3, 0.8),
            LengthError = 1,
            Level = new ServiceLevel(0.5, 0.02),
            Weights = new PowerWeights { Energy = 3, ShedAbove = 0.2 },
        };
        var report = Study.Run(options, new FullLoad(60, 1, 1), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(4, report.Runs.Count);
        foreach (var run in report.Runs)
        {
            var alone = run.Policy.StartsWith("power-aware", StringComparison.Ordinal);
            using var fleet = new VirtualFleet(
                new FleetOptions
                {
                    Spec = options.Fleet,
                    Policy = alone ? "power-aware" : "kv-queue",
                    Controller = alone ? null : new EfficientCaps(EfficientCapsOptions.For(options.Level)),
                    Budget = 0.7,
                    Schedule = options.Schedule,
                    Weights = options.Weights with { Energy = alone ? 0 : 3 },
                    Level = options.Level,
                    LengthError = 1,
                    Seed = run.Seed,
                },
                options.Trace.HasContent);
            var expected = fleet.Run(options.Trace.At(30, run.Seed, options.MinSeconds, options.MaxSeconds), TestContext.Current.CancellationToken);
            Assert.Equal(expected with { Watts = [], MachineSeconds = 0 }, run.Result with { Watts = [], MachineSeconds = 0 });
        }

        Assert.Equal(4, report.Runs.Select(static run => run.Result.Joules).Distinct().Count());
    }

    [Fact]
    public void A_mean_is_that_of_the_seeds_and_of_excess_the_worst()
    {
        using var fleet = new VirtualFleet(new FleetOptions { Spec = Options.Fleet, Policy = "kv-queue" }, Options.Trace.HasContent);
        var result = fleet.Run(Options.Trace.At(10, 0, 0, 4), TestContext.Current.CancellationToken);
        StudyRun[] runs =
        [
            new("kv-queue", 1, 1, 0, result with { Requests = 100, Good = 90, Refused = 10, TtftP99 = 1, WorstExcess = 0.3, OverBudgetSeconds = 2 }),
            new("kv-queue", 1, 1, 1, result with { Requests = 100, Good = 70, Refused = 0, TtftP99 = 3, WorstExcess = 0.1, OverBudgetSeconds = 0 }),
        ];
        var mean = StudyMean.Of(runs);
        Assert.Equal((0.8, 0.05, 2, 1), (mean.SloAttainment, mean.RefusedShare, mean.TtftP99, mean.OverBudgetSeconds));
        Assert.Equal(0.3, mean.WorstExcess);
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

    [Fact]
    public void A_trace_that_no_load_serves_in_time_has_no_full_load_and_says_so()
    {
        List<TraceRequest> hopeless = [.. Enumerable.Range(0, 50).Select(static i => new TraceRequest(i, 120_000, 2))];
        var error = Assert.Throws<FormatException>(
            () => LoadFinder.Find(Options with { Trace = Trace.Of("hopeless", hopeless) }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("--full-rate", error.Message, StringComparison.Ordinal);

        // One that waits behind a prompt which is too long is late at any rate, where an idle fleet has many more to make up for it.
        List<TraceRequest> late = [new TraceRequest(0, 120_000, 2), .. Enumerable.Range(1, 2000).Select(static i => new TraceRequest(i, 100, 2))];
        error = Assert.Throws<FormatException>(
            () => LoadFinder.Find(Options with { Trace = Trace.Of("late", late), MaxSeconds = 20 }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("'late'", error.Message, StringComparison.Ordinal);
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
