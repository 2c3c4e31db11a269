using Crescent.Client.Connections;
using Crescent.Client.Evaluation;
using Crescent.Client.Json;
using ScottPlot.Plottables;

namespace Crescent.Tests.Client.Evaluation;

public sealed class EvalArithmeticTests
{
    private static readonly EvalSetting Four = new("self-consistency", 4, 0.95);

    [Theory]
    [InlineData(8, 10, 0.4902, 0.9433)]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 0, 0, 1)]
    public void Wilsons_interval_is_that_of_the_tables(int hits, int count, double low, double high)
    {
        var interval = WilsonInterval.Of(hits, count);
        Assert.Equal((low, high), (Math.Round(interval.Low, 4), Math.Round(interval.High, 4)));
    }

    [Fact]
    public void Joules_of_a_solved_problem_carry_those_that_were_not_solved()
    {
        var summary = EvalSummary.Of(Four, [Outcome(true, 2, 4), Outcome(true, 4, 6), Outcome(false, 6, 16) with { State = "failed" }, Outcome(false, 0, 2)]);
        Assert.Equal((4, 2, 1, 0.5), (summary.Problems, summary.Solved, summary.Failed, summary.Accuracy));
        Assert.Equal((3, 6, 7.0), (summary.Joules, summary.JoulesPerSolved, summary.Samples));
        Assert.Equal((150, 30, 1.5), (summary.Tokens, summary.CachedTokens, summary.Seconds));
        Assert.Null(EvalSummary.Of(Four, [Outcome(false, 6, 4)]).JoulesPerSolved);
    }

    [Theory]
    [InlineData("24", "24.0", true)]
    [InlineData("1200", "$1,200", true)]
    [InlineData("Paris", "paris.", true)]
    [InlineData("24", "25", false)]
    [InlineData("24", null, false)]
    public void Answers_are_compared_in_one_form(string right, string? said, bool solved) =>
        Assert.Equal(solved, EvalOutcome.Of(Four, new EvalProblem("1", "?", right), FakeAgents.Task("a") with { Answer = said }).Solved);

    [Fact]
    public void Samples_that_were_cut_were_drawn() => Assert.Equal(2, EvalOutcome.Of(Four, new EvalProblem("1", "?", "24"), FakeAgents.Task("a")).Samples);

    [Fact]
    public void A_setting_that_a_strategy_does_not_heed_makes_no_run_of_its_own() => Assert.Equal(
        [
            new("chain-of-thought", null, null), new("best-of-n", 1, null), new("best-of-n", 8, null),
            new("self-consistency", 1, 0.95), new("self-consistency", 8, 0.95), new("self-consistency", 1, 1), new("self-consistency", 8, 1),
        ],
        EvalSetting.All(["chain-of-thought", "best-of-n", "self-consistency"], [1, 8], [0.95, 1]));

    [Fact]
    public void The_picture_has_a_line_a_strategy_with_units_and_the_command_under_it()
    {
        EvalSummary One(EvalSetting setting, double joules) => EvalSummary.Of(setting, [Outcome(true, joules, 1), Outcome(false, joules, 1)]);
        var plot = EvalPlot.Of(new EvalDocument(
            "client eval --data x", 0, true, "modelled", [One(Four with { Samples = 8 }, 4), One(Four, 2), One(new EvalSetting("chain-of-thought", null, null), 1)]));
        var lines = plot.GetPlottables<Scatter>().ToList();
        Assert.Equal(["self-consistency, confidence 0.95", "chain-of-thought"], lines.Select(static l => l.LegendText));
        Assert.Equal([new(2, 50), new(4, 50)], lines[0].Data.GetScatterPoints());
        var interval = WilsonInterval.Of(1, 2);
        Assert.Equal(
            [(2, 100 * interval.Low, 100 * interval.High), (4, 100 * interval.Low, 100 * interval.High), (1, 100 * interval.Low, 100 * interval.High)],
            plot.GetPlottables<LinePlot>().Select(static bar => (bar.Start.X, bar.Start.Y, bar.End.Y)));
        Assert.Contains("energy of a problem, J (modelled)", plot.Axes.Bottom.Label.Text, StringComparison.Ordinal);
        Assert.EndsWith("client eval --data x", plot.Axes.Bottom.Label.Text, StringComparison.Ordinal);
        Assert.Contains("%", plot.Axes.Left.Label.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":"1","problem":"p"}""", "line 2 is no problem: 'answer' is missing")]
    [InlineData("""{"id":"1","problem":["p"],"answer":1}""", "line 2 is no problem: 'problem' is missing, or neither a text nor a number")]
    [InlineData("{", "line 2 is no problem")]
    public async Task A_line_that_is_no_problem_is_named(string line, string words)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.At("data.jsonl"), $"\n{line}\n", TestContext.Current.CancellationToken);
        Assert.Contains(words, Assert.Throws<FactoryException>(() => EvalFile.Read(folder.At("data.jsonl"), 10)).Message, StringComparison.Ordinal);
    }

    private static EvalOutcome Outcome(bool solved, double joules, int samples) => new()
    {
        Setting = Four,
        Id = "1",
        Task = "a",
        Expected = "24",
        State = "done",
        Solved = solved,
        Joules = joules,
        Samples = samples,
        PromptTokens = 100,
        CachedTokens = 30,
        OutputTokens = 50,
        Seconds = 1.5,
    };
}
