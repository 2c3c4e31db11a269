using System.CommandLine;
using Crescent.Client.Commands;
using Crescent.Client.Terminals;
using Crescent.Control.Placement;
using Crescent.Lab.Fleet;
using Crescent.Lab.Rendering;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Commands;

/// <summary><c>lab servers</c>: days on a fleet whose servers sleep while they are not needed, by the planner and by others.</summary>
internal sealed class ServersCommand : Command
{
    private readonly Option<string> _trace = new("--trace")
    {
        Description = $"Azure CSV or Mooncake JSONL to replay, or one of {string.Join(", ", SyntheticTrace.Names)}",
        HelpName = "FILE|NAME",
        Required = true,
    };

    private readonly Option<double?> _peak = NumberOption.Create<double>("--peak-rate", "Requests a second at the peak of the day", "R", "a number above 0", static value => value > 0);

    private readonly Option<string> _variants = new("--variants")
    {
        Description = "Who says how many servers are awake: fixed (each size from half of them to all), fixed:N, threshold:N (an autoscaler on N calls a server), planner",
        HelpName = "A,B",
        DefaultValueFactory = static _ => ServerStudyOptions.DefaultVariants,
    };

    private readonly Option<double?> _trough = NumberOption.Create<double>(
        "--trough", $"Requests at the trough of the day, as a share of those at its peak (default: {DayShape.DefaultTrough})", "X", "a number from 0 to 1", static value => value is >= 0 and <= 1);

    private readonly Option<int?> _days = NumberOption.Create<int>("--days", $"Days (default: {ServerStudyOptions.DefaultDays})", "N", "a whole number from 1 to 100", static value => value is >= 1 and <= 100);

    private readonly Option<double?> _daySeconds = NumberOption.Create<double>(
        "--day-seconds", $"Length of a day in the run; the planner takes it for 24 hours (default: {ServerStudyOptions.DefaultDaySeconds})", "S", "a number from 60 to 86,400", static value => value is >= 60 and <= 86_400);

    private readonly Option<string> _policy = new("--policy")
    {
        Description = $"Placement: one of {string.Join(", ", PlacementPolicies.Names)}",
        HelpName = "NAME",
        DefaultValueFactory = static _ => PowerAwarePolicy.PolicyName,
    };

    private readonly Option<string> _devices = new("--devices") { Description = "The simulated fleet", HelpName = "SPEC", DefaultValueFactory = static _ => ServerStudyOptions.DefaultDevices };

    private readonly Option<string> _model = new("--model") { Description = "The simulated model", HelpName = "SPEC", DefaultValueFactory = static _ => FleetSpec.DefaultModel };

    private readonly Option<int?> _seed = NumberOption.Create<int>("--seed", "For what is drawn by chance (default: 0)", "N", "a whole number from 0 to 1,000,000", static value => value is >= 0 and <= 1_000_000);

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write all runs to this file as JSON", HelpName = "OUT" };

    private readonly Option<int?> _jobs = NumberOption.Create<int>(
        "--jobs", "Runs at once (default: the processor's cores)", "N", "a whole number from 1 to 256", static value => value is >= 1 and <= 256);

    public ServersCommand(Terminal terminal) : base("servers", "Put servers to sleep and wake them over days of load, by the cluster's planner, an autoscaler's threshold, or not at all.")
    {
        _peak.Required = true;
        foreach (var option in (Option[])[_trace, _peak, _variants, _trough, _days, _daySeconds, _policy, _devices, _model, _seed, _json, _jobs])
        {
            Options.Add(option);
        }

        SetAction((parsed, _) => CommandGuard.Run(terminal, json: false, interrupted => StudyRuns.Run(
            terminal,
            "servers",
            () => Runs(Read(parsed), interrupted),
            ServerTable.Of,
            (parsed.GetValue(_json), static report => report.ToJson()),
            interrupted)));
    }

    private static (int Count, Func<Action, ServerReport> Run) Runs(ServerStudyOptions options, CancellationToken interrupted) =>
        (options.Variants.Count, done => ServerStudy.Run(options, done, interrupted));

    private ServerStudyOptions Read(ParseResult parsed)
    {
        var fleet = FleetSpec.Parse(parsed.GetRequiredValue(_devices), parsed.GetRequiredValue(_model));
        var trace = parsed.GetRequiredValue(_trace);
        return new ServerStudyOptions
        {
            Fleet = fleet,
            Trace = SyntheticTrace.IsKnown(trace) ? SyntheticTrace.Create(trace) : TraceFile.Read(trace),
            Variants = [.. StudySettings.Words(_variants, parsed.GetRequiredValue(_variants)).SelectMany(word => ServerVariant.Parse(word, fleet.Nodes))],
            PeakRate = parsed.GetValue(_peak) ?? throw new FormatException($"{_peak.Name} names no rate."),
            Day = new DayShape(parsed.GetValue(_trough) ?? DayShape.DefaultTrough, parsed.GetValue(_daySeconds) ?? ServerStudyOptions.DefaultDaySeconds),
            Days = parsed.GetValue(_days) ?? ServerStudyOptions.DefaultDays,
            Policy = PlacementPolicies.Create(parsed.GetRequiredValue(_policy)).Name,
            Seed = parsed.GetValue(_seed) ?? 0,
            Jobs = parsed.GetValue(_jobs) ?? Environment.ProcessorCount,
        };
    }
}
