using System.CommandLine;
using Crescent.Agents.Strategies;
using Crescent.Client.Evaluation;

namespace Crescent.Client.Commands;

/// <summary>The options of <c>eval</c>.</summary>
internal sealed class EvalOptions
{
    private const int DefaultParallel = 8;
    private const long MostSeed = long.MaxValue - EvalFile.MostProblems;

    private readonly Option<FileInfo> _data = new("--data")
    {
        HelpName = "FILE",
        Required = true,
        Description = """Problems, a line each: {"id":"1","problem":"What is 2 + 3?","answer":"5"}""",
    };

    private readonly Option<string> _strategies = new("--strategy")
    {
        HelpName = "A,B",
        Description = $"Strategies, with commas between them: {string.Join(", ", new StrategyCatalogue().Names)}, or those that the factory has besides",
        DefaultValueFactory = static _ => "self-consistency",
    };

    private readonly Option<int[]?> _samples = ListOption.Create<int>(
        "--samples", $"Samples at the most, of strategies that draw some (default: {new StrategySettings().Samples})", "N,M", "whole numbers from 1 to 128", static v => v is >= 1 and <= 128);

    private readonly Option<double[]?> _confidences = ListOption.Create<double>(
        "--confidence",
        FormattableString.Invariant($"Posterior at which a vote ends early; 1 draws all samples (default: {new StrategySettings().Confidence})"),
        "P,Q",
        "numbers from 0.5 to 1",
        static v => v is >= 0.5 and <= 1);

    private readonly Option<int?> _limit = NumberOption.Create<int>(
        "--limit", "Try the first problems alone (default: all)", "N", $"a whole number from 1 to {EvalFile.MostProblems}", static v => v is >= 1 and <= EvalFile.MostProblems);

    private readonly Option<long?> _seed = NumberOption.Create<long>(
        "--seed", "Seed of the first problem; each next has the next number, with every setting the same (default: 0)", "N", "a whole number of at least 0", static v => v is >= 0 and <= MostSeed);

    private readonly Option<int?> _parallel = NumberOption.Create<int>(
        "--parallel", $"Problems at a time (default: {DefaultParallel})", "N", "a whole number from 1 to 256", static v => v is >= 1 and <= 256);

    private readonly Option<string[]> _settings = StrategySetting.Create();

    private readonly Option<string?> _model = new("--model") { HelpName = "NAME", Description = "A model of the factory (default: its first)" };

    private readonly Option<string> _priority = new("--priority")
    {
        HelpName = "CLASS",
        Description = "Class of the calls: interactive, standard or batch",
        DefaultValueFactory = static _ => "standard",
    };

    private readonly Option<DirectoryInfo?> _out = new("--out")
    {
        HelpName = "FOLDER",
        Description = $"Write outcomes as they come ({EvalFolder.Outcomes}), the summary ({EvalFolder.Summary}) and a picture ({EvalFolder.Picture}) into this folder (default: nowhere)",
    };

    public void AddTo(Command command)
    {
        AgentTaskOptions.CheckPriority(_priority);
        _data.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var path }] && !File.Exists(path))
            {
                result.AddError($"--data names a file that does not exist: {path}");
            }
        });
        _strategies.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var text }] && Names(text) is [] or { Length: > 16 })
            {
                result.AddError($"--strategy takes 1 to 16 names of strategies, with commas between them, not '{text}'.");
            }
        });
        foreach (var option in (Option[])[_data, _strategies, _samples, _confidences, _limit, _seed, _parallel, _settings, _model, _priority, _out])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The folder to write into; null for none.</summary>
    public string? Folder(ParseResult parsed) => parsed.GetValue(_out)?.FullName;

    /// <summary>What is to be run. Reads the problems.</summary>
    /// <exception cref="Connections.FactoryException">The file is none of problems.</exception>
    public EvalPlan Plan(ParseResult parsed)
    {
        var plain = new StrategySettings();
        return new EvalPlan
        {
            Problems = EvalFile.Read(parsed.GetRequiredValue(_data).FullName, parsed.GetValue(_limit) ?? EvalFile.MostProblems),
            Ways = EvalSetting.All(Names(parsed.GetRequiredValue(_strategies)), Given(parsed.GetValue(_samples), plain.Samples), Given(parsed.GetValue(_confidences), plain.Confidence)),
            Settings = StrategySetting.Read(parsed.GetValue(_settings)),
            Model = parsed.GetValue(_model),
            Priority = parsed.GetRequiredValue(_priority),
            Parallel = parsed.GetValue(_parallel) ?? DefaultParallel,
            Seed = parsed.GetValue(_seed) ?? 0,
            Command = CommandText.Of(parsed),
        };
    }

    // An option that is not given has an empty list.
    private static T[] Given<T>(T[]? values, T otherwise) => values is { Length: > 0 } ? values : [otherwise];

    private static string[] Names(string text) => [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];
}
