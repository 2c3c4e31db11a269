using System.Globalization;
using Crescent.Lab.Strategies;
using Spectre.Console;

namespace Crescent.Lab.Rendering;

/// <summary>A study of strategies as a table: a row for each rate, budget and strategy, in the mean over the seeds.</summary>
internal static class StrategyTable
{
    public static Table Of(StrategyReport report)
    {
        var options = report.Options;
        var solver = options.Solver;
        var table = new Table()
            .Title(Markup.Escape($"simulated: {options.Tasks} tasks on {options.Fleet}, placement {options.Policy}, class {options.Priority}, {options.Seeds} seeds"))
            .Caption(Markup.Escape(string.Create(
                CultureInfo.InvariantCulture,
                $"assumed: {solver.Accuracy:0.##} of the samples right, {solver.PromptTokens} + {solver.OutputTokens} tokens in the mean; x = the first strategy's over this one's; saved = samples that a sure vote did not draw")))
            .Border(TableBorder.Simple);
        foreach (var column in (string[])["tasks/s", "budget"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("strategy");
        foreach (var column in (string[])["solved", "calls/task", "saved/task", "tokens/task", "at once", "mean s", "p50", "p90", "J/task", "J/solved", "x", "tokens/J", "failed"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var place in report.Runs.GroupBy(static run => (run.Rate, run.Budget)))
        {
            var first = place.Where(run => run.Strategy == place.First().Strategy).Average(static run => run.Result.JoulesPerSolved);
            foreach (var strategy in place.GroupBy(static run => run.Strategy))
            {
                table.AddRow(Row(place.Key.Rate, place.Key.Budget, strategy.Key, [.. strategy.Select(static run => run.Result)], first));
            }
        }

        return table;
    }

    private static string[] Row(double rate, double budget, string strategy, List<StrategyResult> runs, double first)
    {
        double Mean(Func<StrategyResult, double> of) => runs.Average(of);
        return
        [
            Text($"{rate:0.##}"),
            Text($"{budget:0 %}"),
            Markup.Escape(strategy),
            Text($"{Mean(static r => (double)r.Solved / r.Tasks):0.0 %}"),
            Text($"{Mean(static r => (double)r.Calls / r.Tasks):0.0}"),
            Text($"{Mean(static r => (double)r.Saved / r.Tasks):0.0}"),
            Text($"{Mean(static r => (double)r.OutputTokens / r.Tasks):0}"),
            Text($"{Mean(static r => r.MeanWidest):0.0}"),
            Text($"{Mean(static r => r.MeanSeconds):0.0}"),
            Text($"{Mean(static r => r.SecondsP50):0.0}"),
            Text($"{Mean(static r => r.SecondsP90):0.0}"),
            Text($"{Mean(static r => r.JoulesPerTask):0}"),
            Text($"{Mean(static r => r.JoulesPerSolved):0}"),
            Text($"{first / Mean(static r => r.JoulesPerSolved):0.00}"),
            Text($"{Mean(static r => r.Fleet.TokensPerJoule):0.0000}"),
            Text($"{Mean(static r => r.Failed):0.#}"),
        ];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
