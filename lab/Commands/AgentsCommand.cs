using System.CommandLine;
using System.Globalization;
using Crescent.Client.Commands;
using Crescent.Client.Terminals;
using Crescent.Control.Placement;
using Crescent.Lab.Fleet;
using Crescent.Lab.Rendering;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Commands;

/// <summary><c>lab agents</c>: how many coding agents a fleet serves at once within each published tier, and so a megawatt.</summary>
internal sealed class AgentsCommand : Command
{
    private readonly Option<FileInfo> _trace = new("--trace")
    {
        Description = "Sessions of coding agents: JSON lines with id, block_size and requests, plain or .gz",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string[]> _systems = new("--systems")
    {
        Description = "DEVICES/MODEL to compare, each of one kind, the first as the measure, such as h200*2:dep8/deepseek-r1-fp8",
        HelpName = "DEVICE/MODEL",
        AllowMultipleArgumentsPerToken = true,
        Required = true,
    };

    private readonly Option<string> _policies = new("--policies")
    {
        Description = $"Of {string.Join(", ", LabPolicies.Names)}, with what lab --trace takes after them but +park; the first is compared with",
        HelpName = "A,B",
        DefaultValueFactory = static _ => KvQueuePolicy.PolicyName,
    };

    private readonly Option<string> _tiers = new("--tiers")
    {
        Description = "Of the tiers 20, 60 and 180 tokens/s, by their speed",
        HelpName = "N,N",
        DefaultValueFactory = static _ => string.Join(',', AgentTier.All.Select(static tier => tier.Speed)),
    };

    private readonly Option<int?> _context = NumberOption.Create<int>(
        "--context", "Tokens at which agents begin anew with a summary (default: the model's)", "N", "a whole number from 1 to 100,000,000", static value => value is >= 1 and <= 100_000_000);

    private readonly Option<double?> _mostPause = NumberOption.Create<double>(
        "--most-pause", $"Cut longer pauses to this, for agents that no user keeps waiting (default: sessions end at {SessionFile.LongestPause} s)", "S", "a number from 0 to 1,000,000", static value => value is >= 0 and <= 1e6);

    private readonly Option<double?> _warmUp = NumberOption.Create<double>(
        "--warm-up", $"Nothing is measured before (default: {AgentStudyOptions.DefaultWarmUp})", "S", "a number from 0 to 1,000,000", static value => value is >= 0 and <= 1e6);

    private readonly Option<double?> _window = NumberOption.Create<double>(
        "--window", $"Calls are measured that end in this time after it (default: {AgentStudyOptions.DefaultWindow})", "S", "a number from 1 to 1,000,000", static value => value is >= 1 and <= 1e6);

    private readonly Option<double?> _host = NumberOption.Create<double>(
        "--host-gb", $"Host memory of each device for what it evicts, 0 for none (default: {AgentStudyOptions.DefaultHostGigabytes})", "GB", "a number from 0 to 100,000", static value => value is >= 0 and <= 1e5);

    private readonly Option<int?> _most = NumberOption.Create<int>(
        "--most", $"Most agents that are tried (default: {AgentStudyOptions.DefaultMostAgents})", "N", "a whole number from 1 to 100,000", static value => value is >= 1 and <= 100_000);

    private readonly Option<int?> _fewest = NumberOption.Create<int>(
        "--fewest", "Fewest agents that are tried (default: 1)", "N", "a whole number from 1 to 100,000", static value => value is >= 1 and <= 100_000);

    private readonly Option<string?> _fronts = new("--fronts")
    {
        Description = "Front ends that take calls in turn, each with its own view and reservations, and how many seconds late they hear of devices and caches (default: 1:0)",
        HelpName = "N[:S]",
    };

    private readonly Option<int?> _jobs = NumberOption.Create<int>("--jobs", "Searches at once (default: 1)", "N", "a whole number from 1 to 256", static value => value is >= 1 and <= 256);

    private readonly Option<int?> _seed = NumberOption.Create<int>("--seed", "For what is drawn by chance (default: 0)", "N", "a whole number from 0 to 1,000,000", static value => value is >= 0 and <= 1_000_000);

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write the table to this file as JSON", HelpName = "OUT" };

    public AgentsCommand(Terminal terminal) : base("agents", "Find how many coding agents, each of whose calls waits for the one before, simulated devices serve at once within each tier, and what keeps them from more.")
    {
        foreach (var option in (Option[])[_trace, _systems, _policies, _tiers, _context, _mostPause, _warmUp, _window, _host, _fewest, _most, _fronts, _jobs, _seed, _json])
        {
            Options.Add(option);
        }

        SetAction((parsed, _) => CommandGuard.Run(terminal, json: false, interrupted => StudyRuns.Run(
            terminal,
            "agents",
            () => Runs(Read(parsed), interrupted),
            AgentTable.Of,
            (parsed.GetValue(_json), static runs => StudyJson.Text(new { Simulated = true, Runs = runs })),
            interrupted)));
    }

    private static (int Count, Func<Action, IReadOnlyList<AgentRun>> Run) Runs(AgentStudyOptions options, CancellationToken interrupted) =>
        (AgentStudy.Count(options), done => AgentStudy.Run(options, done, interrupted));

    private AgentStudyOptions Read(ParseResult parsed)
    {
        var trace = SessionFile.Read(parsed.GetRequiredValue(_trace).FullName, parsed.GetValue(_mostPause) ?? double.PositiveInfinity);
        var policies = StudySettings.Words(_policies, parsed.GetRequiredValue(_policies));
        foreach (var policy in policies)
        {
            if (StudyPolicy.Parse(policy).Parks)
            {
                throw new FormatException($"'{policy}': agents are looked for on fleets whose servers stay on; leave +park out.");
            }
        }

        var options = new AgentStudyOptions
        {
            Systems = [.. parsed.GetRequiredValue(_systems).Select(ReadSystem)],
            Policies = policies,
            Tiers = [.. StudySettings.Words(_tiers, parsed.GetRequiredValue(_tiers)).Select(ReadTier)],
            Trace = parsed.GetValue(_context) is { } context ? trace.Within(context) : trace,
            WarmUpSeconds = parsed.GetValue(_warmUp) ?? AgentStudyOptions.DefaultWarmUp,
            WindowSeconds = parsed.GetValue(_window) ?? AgentStudyOptions.DefaultWindow,
            HostGigabytes = parsed.GetValue(_host) ?? AgentStudyOptions.DefaultHostGigabytes,
            FewestAgents = parsed.GetValue(_fewest) ?? 1,
            MostAgents = parsed.GetValue(_most) ?? AgentStudyOptions.DefaultMostAgents,
            Fronts = parsed.GetValue(_fronts) is { } fronts ? FrontEnds.Parse(fronts) : FrontEnds.One,
            Jobs = parsed.GetValue(_jobs) ?? 1,
            Seed = parsed.GetValue(_seed) ?? 0,
        };
        return options.FewestAgents <= options.MostAgents ? options : throw new FormatException($"--fewest is {options.FewestAgents}, above --most, which is {options.MostAgents}.");
    }

    private static AgentTier ReadTier(string speed) =>
        AgentTier.All.Cast<AgentTier?>().FirstOrDefault(tier => string.Create(CultureInfo.InvariantCulture, $"{tier!.Value.Speed}") == speed)
            ?? throw new FormatException($"'{speed}' is no tier: use {string.Join(", ", AgentTier.All.Select(static tier => tier.Speed))}.");

    private static (string Name, FleetSpec Fleet) ReadSystem(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 1
            ? throw new FormatException($"'{text}' is no DEVICES/MODEL, such as h200:dep8/deepseek-r1-fp8.")
            : (text, FleetSpec.Parse($"sim:{text[..slash]}", $"sim:{text[(slash + 1)..]}"));
    }
}
