using Crescent.Control.Power;
using Crescent.Lab.Fleet;
using Crescent.Lab.Plots;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;
using ScottPlot;
using ScottPlot.Plottables;

namespace Crescent.Tests.Lab.Plots;

public sealed class StudyPlotsTests
{
    private static readonly StudyOptions Options = new()
    {
        Fleet = FleetSpec.Parse("sim:h100-sxm*2:tp8", "sim:llama-3-70b-fp8"),
        Trace = SyntheticTrace.Create("poisson"),
        Policies = ["kv-queue", "power-aware"],
        Budgets = [1, 0.7],
        Loads = [0.5, 1],
        Seeds = 2,
        Schedule = BudgetSchedule.Step(4, 0.5),
    };

    private static readonly StudyReport Report = new(
        Options,
        new FullLoad(10, 1, 1),
        [
            .. from load in Options.Loads
               from budget in Options.Budgets
               from policy in Options.Policies
               from seed in Enumerable.Range(0, 2)
               select new StudyRun(policy, budget, load, seed, Result(good: (int)(100 * load) + (20 * seed) + (policy == "kv-queue" ? 0 : 40), itl: load / 100)),
        ]);

    [Fact]
    public void Every_plot_says_that_it_is_simulated_and_of_what()
    {
        var plots = StudyPlots.Of(Report).ToList();
        Assert.Equal(["goodput.png", "goodput-per-megawatt.png", "joules-per-good-token.png", "frontier.png", "power.png"], plots.Select(static p => p.File));
        Assert.All(plots, static p => Assert.StartsWith("simulated: ", p.Plot.Axes.Title.Label.Text, StringComparison.Ordinal));
        Assert.All(plots, static p => Assert.Contains("poisson on sim:h100-sxm*2:tp8 sim:llama-3-70b-fp8", p.Plot.Axes.Title.Label.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_is_a_policy_at_a_budget_with_the_means_of_its_seeds_by_load()
    {
        var lines = Plot("goodput.png").GetPlottables<Scatter>().ToList();
        Assert.Equal(["kv-queue, budget 1", "power-aware, budget 1", "kv-queue, budget 0.7", "power-aware, budget 0.7"], lines.Select(static l => l.LegendText));
        Assert.Equal([new(0.5, 6), new(1, 11)], Points(lines[0]));
        Assert.Equal([new(0.5, 10), new(1, 15)], Points(lines[1]));
    }

    [Fact]
    public void The_frontier_is_tokens_a_second_of_a_user_against_tokens_a_joule()
    {
        var line = Plot("frontier.png").GetPlottables<Scatter>().First();
        Assert.Equal([new(200, 0.5), new(100, 0.5)], Points(line));
    }

    [Fact]
    public void Power_stands_beside_the_lowest_budget_and_its_change()
    {
        var plot = Plot("power.png");
        Assert.Equal(["kv-queue", "power-aware"], plot.GetPlottables<Signal>().Select(static s => s.LegendText));
        Assert.All(plot.GetPlottables<Signal>(), static s => Assert.Equal([1, 2, 3], s.Data.GetYs()));
        var budget = Assert.Single(plot.GetPlottables<Scatter>());
        var kilowatts = 0.7 * Options.Fleet.NameplateWatts / 1000;
        Assert.Equal([new(0, kilowatts), new(4, kilowatts), new(4, kilowatts / 2), new(10, kilowatts / 2)], Points(budget));
    }

    [Fact]
    public void They_are_drawn_as_PNG_files()
    {
        using var folder = new TemporaryFolder();
        StudyPlots.Draw(Report, folder.Path);
        var files = Directory.GetFiles(folder.Path);
        Assert.Equal(5, files.Length);
        Assert.All(files, static file => Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(file)[..4]));
    }

    private static Plot Plot(string file) => StudyPlots.Of(Report).Single(p => p.File == file).Plot;

    private static IEnumerable<Coordinates> Points(Scatter line) => line.Data.GetScatterPoints();

    private static FleetResult Result(int good, double itl) => new()
    {
        Requests = 200,
        Refused = 0,
        Moves = 0,
        Good = good,
        Late = 0,
        Slow = 0,
        Tokens = 500,
        GoodTokens = 400,
        PromptTokens = 0,
        CachedTokens = 0,
        Preemptions = 0,
        Joules = 1000,
        IdleJoules = 100,
        WallJoules = 2000,
        GpuHours = 1,
        Wakes = 0,
        BusyShare = 0.5,
        PromptShare = 0.5,
        MostKvShare = 0.5,
        Seconds = 10,
        BudgetWatts = 100,
        TtftP50 = 1,
        TtftP99 = 2,
        ItlP50 = itl,
        ItlP99 = itl,
        OverBudgetSeconds = 0,
        WorstExcess = 0,
        Watts = [1000, 2000, 3000],
        MachineSeconds = 0,
    };
}
