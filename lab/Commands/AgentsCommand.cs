using System.CommandLine;
using Crescent.Client.Commands;
using Crescent.Client.Terminals;
using Crescent.Lab.Fleet;
using Crescent.Lab.Rendering;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Commands;

/// <summary><c>lab agents</c>: how many coding agents a device serves at once within each published tier, and so a megawatt.</summary>
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
        Description = "DEVICE/MODEL to compare, each one device, the first as the measure, such as h200:dep8/deepseek-r1-fp8",
        HelpName = "DEVICE/MODEL",
        AllowMultipleArgumentsPerToken = true,
        Required = true,
    };

    private readonly Option<double?> _warmUp = NumberOption.Create<double>(
        "--warm-up", $"Nothing is measured before (default: {AgentStudyOptions.DefaultWarmUp})", "S", "a number from 0 to 1,000,000", static value => value is >= 0 and <= 1e6);

    private readonly Option<double?> _window = NumberOption.Create<double>(
        "--window", $"Calls are measured that end in this time after it (default: {AgentStudyOptions.DefaultWindow})", "S", "a number from 1 to 1,000,000", static value => value is >= 1 and <= 1e6);

    private readonly Option<double?> _host = NumberOption.Create<double>(
        "--host-gb", $"Host memory of a device for what it evicts, 0 for none (default: {AgentStudyOptions.DefaultHostGigabytes})", "GB", "a number from 0 to 100,000", static value => value is >= 0 and <= 1e5);

    private readonly Option<int?> _most = NumberOption.Create<int>(
        "--most", $"Most agents that are tried on a device (default: {AgentStudyOptions.DefaultMostAgents})", "N", "a whole number from 1 to 100,000", static value => value is >= 1 and <= 100_000);

    private readonly Option<int?> _seed = NumberOption.Create<int>("--seed", "For what is drawn by chance (default: 0)", "N", "a whole number from 0 to 1,000,000", static value => value is >= 0 and <= 1_000_000);

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write the table to this file as JSON", HelpName = "OUT" };

    public AgentsCommand(Terminal terminal) : base("agents", "Find how many coding agents, each of whose calls waits for the one before, a simulated device serves at once within each tier.")
    {
        foreach (var option in (Option[])[_trace, _systems, _warmUp, _window, _host, _most, _seed, _json])
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
        (options.Systems.Count * options.Tiers.Count, done => AgentStudy.Run(options, done, interrupted));

    private AgentStudyOptions Read(ParseResult parsed) => new()
    {
        Systems = [.. parsed.GetRequiredValue(_systems).Select(ReadSystem)],
        Trace = SessionFile.Read(parsed.GetRequiredValue(_trace).FullName),
        WarmUpSeconds = parsed.GetValue(_warmUp) ?? AgentStudyOptions.DefaultWarmUp,
        WindowSeconds = parsed.GetValue(_window) ?? AgentStudyOptions.DefaultWindow,
        HostGigabytes = parsed.GetValue(_host) ?? AgentStudyOptions.DefaultHostGigabytes,
        MostAgents = parsed.GetValue(_most) ?? AgentStudyOptions.DefaultMostAgents,
        Seed = parsed.GetValue(_seed) ?? 0,
    };

    private static (string Name, FleetSpec Fleet) ReadSystem(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1)
        {
            throw new FormatException($"'{text}' is no DEVICE/MODEL, such as h200:dep8/deepseek-r1-fp8.");
        }

        var fleet = FleetSpec.Parse($"sim:{text[..slash]}", $"sim:{text[(slash + 1)..]}");
        return fleet.Devices.Count == 1 ? (text, fleet) : throw new FormatException($"'{text}' is {fleet.Devices.Count} devices: give one, without '*'.");
    }
}
