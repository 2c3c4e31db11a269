using System.CommandLine;
using System.Text.Json.Nodes;
using Crescent.Agents.Strategies;
using Crescent.Client.Connections;

namespace Crescent.Client.Commands;

/// <summary>The options of a command that submits agent tasks.</summary>
internal sealed class AgentTaskOptions
{
    private const int MaxName = 256;
    private const int MaxKey = 255;
    private const int MaxToolCalls = 4096;
    private const double MaxSeconds = 604_800;

    private readonly Option<string> _strategy = new("--strategy")
    {
        HelpName = "NAME",
        Description = $"{string.Join(", ", new StrategyCatalogue().Names)}, or one that the factory has besides",
        DefaultValueFactory = static _ => "chain-of-thought",
    };

    private readonly Option<int?> _samples = NumberOption.Create<int>(
        "--samples",
        $"Samples at the most, of strategies that draw some (default: {new StrategySettings().Samples})",
        "N",
        "a whole number from 1 to 128",
        static v => v is >= 1 and <= 128);

    private readonly Option<string?> _model = new("--model") { HelpName = "NAME", Description = "A model of the factory (default: its first)" };

    private readonly Option<string?> _system = new("--system") { HelpName = "TEXT", Description = "How the model is to behave (default: nothing)" };

    private readonly Option<long?> _seed = NumberOption.Create<long>(
        "--seed", "Makes what is drawn repeatable (default: a fresh seed)", "N", "a whole number of at least 0", static v => v >= 0);

    private readonly Option<string?> _tenant = Named("--tenant", "TENANT", "Whose task it is, where the front end asks for no key (default: nobody's)", MaxName);

    private readonly Option<long?> _tokens = NumberOption.Create<long>(
        "--budget-tokens", "Tokens of prompts and outputs together that it may take (default: no limit)", "N", "a whole number of at least 1", static v => v >= 1);

    private readonly Option<double?> _joules = NumberOption.Create<double>(
        "--budget-joules", "Joules that it may take (default: no limit)", "J", "a number above 0", static v => v > 0 && double.IsFinite(v));

    private readonly Option<double?> _deadline = NumberOption.Create<double>(
        "--deadline", "Seconds after which it ends with the best it has (default: none)", "SECONDS", "a number above 0 and at most 604800, a week", static v => v is > 0 and <= MaxSeconds);

    private readonly Option<int?> _parallelism = NumberOption.Create<int>(
        "--parallelism", $"Steps under way at once (default: {new Crescent.Agents.Tasks.TaskBudget().Parallelism})", "N", "a whole number from 1 to 256", static v => v is >= 1 and <= 256);

    private readonly Option<int?> _toolCalls = NumberOption.Create<int>(
        "--tool-calls",
        $"Calls of tools that it may make (default: {new Crescent.Agents.Tasks.TaskBudget().ToolCalls})",
        "N",
        "a whole number from 0 to 4096",
        static v => v is >= 0 and <= MaxToolCalls);

    private readonly Option<string[]> _tools = new("--tool") { HelpName = "NAME", Description = "A tool that it may call; once for each (default: all there are with react, else none)" };

    private readonly Option<string[]> _settings = StrategySetting.Create();

    private readonly Option<string> _priority = new("--priority")
    {
        HelpName = "CLASS",
        Description = "Class of its calls: interactive, standard or batch",
        DefaultValueFactory = static _ => "standard",
    };

    private readonly Option<string?> _key = Named(
        "--idempotency-key", "KEY", "Names the submission: given again, it is the same task, which is then watched (default: none, each is new)", MaxKey);

    /// <summary>Sees that <paramref name="option"/> has one of the classes.</summary>
    internal static void CheckPriority(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens is [{ Value: var text }] && text is not ("interactive" or "standard" or "batch"))
        {
            result.AddError($"--priority takes interactive, standard or batch, not '{text}'.");
        }
    });

    public void AddTo(Command command)
    {
        CheckPriority(_priority);
        foreach (var option in (Option[])[_strategy, _samples, _model, _system, _seed, _tenant, _tokens, _joules, _deadline, _parallelism, _toolCalls, _tools, _settings, _priority, _key])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The submission of <paramref name="problem"/> as the command line has it.</summary>
    public AgentSubmission Submission(ParseResult parsed, string problem)
    {
        var settings = StrategySetting.Read(parsed.GetValue(_settings));
        Add(settings, "samples", parsed.GetValue(_samples));
        var budget = new JsonObject();
        Add(budget, "tokens", parsed.GetValue(_tokens));
        Add(budget, "joules", parsed.GetValue(_joules));
        Add(budget, "seconds", parsed.GetValue(_deadline));
        Add(budget, "parallelism", parsed.GetValue(_parallelism));
        Add(budget, "tool_calls", parsed.GetValue(_toolCalls));
        var body = new JsonObject { ["problem"] = problem, ["strategy"] = parsed.GetValue(_strategy), ["priority"] = parsed.GetValue(_priority) };
        Add(body, "model", parsed.GetValue(_model));
        Add(body, "system", parsed.GetValue(_system));
        Add(body, "seed", parsed.GetValue(_seed));
        Add(body, "user", parsed.GetValue(_tenant));
        if (parsed.GetValue(_tools) is { Length: > 0 } tools)
        {
            body["tools"] = new JsonArray([.. tools.Select(static tool => (JsonNode)tool)]);
        }

        if (settings.Count > 0)
        {
            body["settings"] = settings;
        }

        if (budget.Count > 0)
        {
            body["budget"] = budget;
        }

        return new AgentSubmission(body, parsed.GetValue(_key));
    }

    private static void Add<T>(JsonObject fields, string name, T? value)
    {
        if (value is not null)
        {
            fields[name] = JsonValue.Create(value);
        }
    }

    private static Option<string?> Named(string name, string helpName, string description, int most)
    {
        var option = new Option<string?>(name) { HelpName = helpName, Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && (text.Length == 0 || text.Length > most || text.Any(static c => c is < ' ' or > '~')))
            {
                result.AddError($"{name} takes 1 to {most} printable ASCII characters, not '{text}'.");
            }
        });
        return option;
    }
}
