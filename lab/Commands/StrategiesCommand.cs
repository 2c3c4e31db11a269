using System.CommandLine;
using System.Globalization;
using Crescent.Client.Commands;
using Crescent.Client.Terminals;
using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Rendering;
using Crescent.Lab.Strategies;

namespace Crescent.Lab.Commands;

/// <summary><c>lab strategies</c>: agents' tasks on simulated devices, with a model that is right by chance.</summary>
internal sealed class StrategiesCommand : Command
{
    private readonly Option<string> _strategies = new("--strategies")
    {
        Description = "Strategies, STRATEGY[:SAMPLES[:CONFIDENCE]]; a confidence of 1 draws all samples; the first is compared with",
        HelpName = "A,B",
        DefaultValueFactory = static _ => StrategyStudyOptions.DefaultStrategies,
    };

    private readonly Option<string> _rates = new("--rate")
    {
        Description = "Tasks that begin in a second",
        HelpName = "X,Y",
        DefaultValueFactory = static _ => StrategyStudyOptions.DefaultRate.ToString(CultureInfo.InvariantCulture),
    };

    private readonly Option<string> _budgets = new("--budget")
    {
        Description = "Power budgets of the GPUs, as shares of their highest caps together",
        HelpName = "X,Y",
        DefaultValueFactory = static _ => "1",
    };

    private readonly Option<int?> _tasks = NumberOption.Create<int>(
        "--tasks", $"Tasks of a run (default: {StrategyStudyOptions.DefaultTasks})", "N", "a whole number from 1 to 100,000", static value => value is >= 1 and <= 100_000);

    private readonly Option<int?> _seeds = NumberOption.Create<int>(
        "--seeds", $"Runs of each combination (default: {StrategyStudyOptions.DefaultSeeds})", "N", "a whole number from 1 to 1000", static value => value is >= 1 and <= 1000);

    private readonly Option<double?> _accuracy = NumberOption.Create<double>(
        "--accuracy", "Share of right samples that is assumed (default: 0.7)", "X", "a number above 0 and below 1", static value => value is > 0 and < 1);

    private readonly Option<int?> _prompt = NumberOption.Create<int>(
        "--prompt-tokens", "Tokens of a problem, in the mean (default: 256)", "N", "a whole number from 1 to 32,768", static value => value is >= 1 and <= 32_768);

    private readonly Option<int?> _output = NumberOption.Create<int>(
        "--output-tokens", "Tokens of a full answer, in the mean (default: 384)", "N", "a whole number from 1 to 32,768", static value => value is >= 1 and <= 32_768);

    private readonly Option<int?> _max = NumberOption.Create<int>(
        "--max-tokens", "Tokens of a full answer at the most (default: 2048)", "N", "a whole number from 1 to 65,536", static value => value is >= 1 and <= 65_536);

    private readonly Option<string> _policy = new("--policy")
    {
        Description = $"Placement: one of {string.Join(", ", PlacementPolicies.Names)}",
        HelpName = "NAME",
        DefaultValueFactory = static _ => KvQueuePolicy.PolicyName,
    };

    private readonly Option<RequestPriority> _priority = new("--priority")
    {
        Description = "Class of the calls; tasks of class Batch fan out less while power is dear",
        DefaultValueFactory = static _ => RequestPriority.Standard,
    };

    private readonly Option<string> _devices = new("--devices")
    {
        Description = "The simulated fleet",
        HelpName = "SPEC",
        DefaultValueFactory = static _ => StrategyStudyOptions.DefaultDevices,
    };

    private readonly Option<string> _model = new("--model")
    {
        Description = "The simulated model",
        HelpName = "SPEC",
        DefaultValueFactory = static _ => FleetSpec.DefaultModel,
    };

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write all runs to this file as JSON", HelpName = "OUT" };

    private readonly Option<int?> _jobs = NumberOption.Create<int>(
        "--jobs", "Runs at once (default: the processor's cores)", "N", "a whole number from 1 to 256", static value => value is >= 1 and <= 256);

    public StrategiesCommand(Terminal terminal) : base("strategies", "Play agents' tasks on simulated devices, with a model that is right by chance, and compare what strategies cost.")
    {
        foreach (var option in (Option[])[_strategies, _rates, _budgets, _tasks, _seeds, _accuracy, _prompt, _output, _max, _policy, _priority, _devices, _model, _json, _jobs])
        {
            Options.Add(option);
        }

        SetAction((parsed, _) => CommandGuard.Run(terminal, json: false, interrupted => StudyRuns.Run(
            terminal, "strategies", () => Runs(Read(parsed), interrupted), StrategyTable.Of, (parsed.GetValue(_json), static report => report.ToJson()), interrupted)));
    }

    private static (int Count, Func<Action, StrategyReport> Run) Runs(StrategyStudyOptions options, CancellationToken interrupted) =>
        (StrategyStudy.Count(options), done => StrategyStudy.Run(options, _ => done(), interrupted));

    private StrategyStudyOptions Read(ParseResult parsed)
    {
        var assumed = new SolverOptions();
        var budgets = StudySettings.Numbers(_budgets, parsed.GetRequiredValue(_budgets), 1);
        return new StrategyStudyOptions
        {
            Fleet = FleetSpec.Parse(parsed.GetRequiredValue(_devices), parsed.GetRequiredValue(_model)),
            Strategies = [.. StudySettings.Words(_strategies, parsed.GetRequiredValue(_strategies)).Select(word => StrategyVariant.Parse(word, parsed.GetValue(_max) ?? 2048))],
            Rates = StudySettings.Numbers(_rates, parsed.GetRequiredValue(_rates), 1000),
            Budgets = budgets,
            Tasks = parsed.GetValue(_tasks) ?? StrategyStudyOptions.DefaultTasks,
            Seeds = parsed.GetValue(_seeds) ?? StrategyStudyOptions.DefaultSeeds,
            Policy = PlacementPolicies.Create(parsed.GetRequiredValue(_policy)) is not null ? parsed.GetRequiredValue(_policy) : "",
            Priority = parsed.GetValue(_priority),
            Jobs = parsed.GetValue(_jobs) ?? Environment.ProcessorCount,
            Solver = assumed with
            {
                Accuracy = parsed.GetValue(_accuracy) ?? assumed.Accuracy,
                PromptTokens = parsed.GetValue(_prompt) ?? assumed.PromptTokens,
                OutputTokens = parsed.GetValue(_output) ?? assumed.OutputTokens,
            },
        };
    }
}
