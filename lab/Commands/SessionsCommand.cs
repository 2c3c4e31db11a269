using System.CommandLine;
using System.Globalization;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Rendering;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;
using Spectre.Console;

namespace Crescent.Lab.Commands;

/// <summary><c>lab sessions</c>: coding sessions, each of whose calls waits for the one before, under several ways to serve programs.</summary>
internal sealed class SessionsCommand : Command
{
    private readonly Terminal _terminal;

    private readonly Option<FileInfo> _trace = new("--trace")
    {
        Description = "Sessions of coding agents: JSON lines with id, block_size and requests, plain or .gz",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _variants = new("--variants")
    {
        Description = "What is done for programs, words with + between them: fcfs or las (order of the queue), keep (blocks over pauses), pause (batch calls under pressure), "
            + "apart (placement by queues alone), host (host memory); the first is compared with",
        HelpName = "A,B",
        DefaultValueFactory = static _ => SessionStudyOptions.DefaultVariants,
    };

    private readonly Option<string> _policy = new("--policy")
    {
        Description = $"Placement: one of {string.Join(", ", PlacementPolicies.Names)}",
        HelpName = "NAME",
        DefaultValueFactory = static _ => KvQueuePolicy.PolicyName,
    };

    private readonly Option<string> _loads = new("--load")
    {
        Description = "Rates at which sessions begin, as shares of that at which they wait twice as long for answers as on an idle fleet, first come, first served",
        HelpName = "X,Y",
        DefaultValueFactory = static _ => SessionStudyOptions.DefaultLoad.ToString(CultureInfo.InvariantCulture),
    };

    private readonly Option<int?> _seeds = NumberOption.Create<int>(
        "--seeds", $"Runs of each combination (default: {SessionStudyOptions.DefaultSeeds})", "N", "a whole number from 1 to 1000", static value => value is >= 1 and <= 1000);

    private readonly Option<string> _devices = new("--devices")
    {
        Description = "The simulated fleet",
        HelpName = "SPEC",
        DefaultValueFactory = static _ => SessionStudyOptions.DefaultDevices,
    };

    private readonly Option<string> _model = new("--model")
    {
        Description = "The simulated model",
        HelpName = "SPEC",
        DefaultValueFactory = static _ => FleetSpec.DefaultModel,
    };

    private readonly Option<double?> _fullRate = NumberOption.Create<double>(
        "--full-rate", "Sessions a second that load 1 stands for (default: found by bisection)", "R", "a number above 0", static value => value > 0);

    private readonly Option<double?> _warmUp = NumberOption.Create<double>(
        "--warm-up", $"Nothing is measured before (default: {SessionStudyOptions.DefaultWarmUp})", "S", "a number from 0 to 1,000,000", static value => value is >= 0 and <= 1e6);

    private readonly Option<double?> _window = NumberOption.Create<double>(
        "--window", $"Tasks are measured that begin in this time after it (default: {SessionStudyOptions.DefaultWindow})", "S", "a number from 1 to 1,000,000", static value => value is >= 1 and <= 1e6);

    private readonly Option<double?> _budget = NumberOption.Create<double>(
        "--budget", "Power budget of the GPUs, as a share of their highest caps together (default: 1)", "X", "a number above 0 and at most 1", static value => value is > 0 and <= 1);

    private readonly Option<double?> _host = NumberOption.Create<double>(
        "--host-gb", $"Host memory of a device in variants with host (default: {SessionStudyOptions.DefaultHostGigabytes})", "GB", "a number from 1 to 100,000", static value => value is >= 1 and <= 1e5);

    private readonly Option<RequestPriority> _priority = new("--priority")
    {
        Description = "Class of the calls",
        DefaultValueFactory = static _ => RequestPriority.Standard,
    };

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write all runs to this file as JSON", HelpName = "OUT" };

    private readonly Option<int?> _jobs = NumberOption.Create<int>(
        "--jobs", "Runs at once (default: the processor's cores)", "N", "a whole number from 1 to 256", static value => value is >= 1 and <= 256);

    public SessionsCommand(Terminal terminal) : base(
        "sessions", "Serve coding sessions on simulated devices, where each call waits for the one before, and compare what is done for programs.")
    {
        _terminal = terminal;
        foreach (var option in (Option[])[_trace, _variants, _policy, _loads, _seeds, _devices, _model, _fullRate, _warmUp, _window, _budget, _host, _priority, _json, _jobs])
        {
            Options.Add(option);
        }

        SetAction((parsed, _) => CommandGuard.Run(_terminal, json: false, interrupted => Run(parsed, interrupted)));
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        try
        {
            var report = await Study(Read(parsed), interrupted);
            _terminal.Output.Write(SessionTable.Of(report));
            if (parsed.GetValue(_json) is { } json)
            {
                await File.WriteAllTextAsync(json.FullName, report.ToJson(), interrupted);
            }

            return ExitCodes.Success;
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FactoryException(fault.Message, "See crescent lab sessions --help.", fault);
        }
    }

    private SessionStudyOptions Read(ParseResult parsed) => new()
    {
        Fleet = FleetSpec.Parse(parsed.GetRequiredValue(_devices), parsed.GetRequiredValue(_model)),
        Variants = [.. StudySettings.Words(_variants, parsed.GetRequiredValue(_variants)).Select(SessionVariant.Parse)],
        Policy = PlacementPolicies.Create(parsed.GetRequiredValue(_policy)) is not null ? parsed.GetRequiredValue(_policy) : "",
        Loads = StudySettings.Numbers(_loads, parsed.GetRequiredValue(_loads), 100),
        Seeds = parsed.GetValue(_seeds) ?? SessionStudyOptions.DefaultSeeds,
        FullRate = parsed.GetValue(_fullRate),
        WarmUpSeconds = parsed.GetValue(_warmUp) ?? SessionStudyOptions.DefaultWarmUp,
        WindowSeconds = parsed.GetValue(_window) ?? SessionStudyOptions.DefaultWindow,
        Budget = parsed.GetValue(_budget) ?? 1,
        HostGigabytes = parsed.GetValue(_host) ?? SessionStudyOptions.DefaultHostGigabytes,
        Priority = parsed.GetValue(_priority),
        Jobs = parsed.GetValue(_jobs) ?? Environment.ProcessorCount,
        Trace = SessionFile.Read(parsed.GetRequiredValue(_trace).FullName),
    };

    private async Task<SessionReport> Study(SessionStudyOptions options, CancellationToken interrupted)
    {
        SessionReport? report = null;
        await _terminal.Error.Progress().AutoClear(true).StartAsync(async progress =>
        {
            var search = progress.AddTask("finding full load", maxValue: 1);
            search.IsIndeterminate = true;
            var count = SessionStudy.Count(options);
            var runs = progress.AddTask($"{count} simulated runs", autoStart: false, maxValue: count);
            report = await Task.Factory.StartNew(
                () =>
                {
                    var full = options.FullRate ?? SessionStudy.FullRate(
                        options,
                        (rate, wait) => search.Description = FormattableString.Invariant($"finding full load: at {rate:0.000} sessions/s a task waits {wait:0.0} s for its answers"),
                        interrupted);
                    search.Value = 1;
                    search.StopTask();
                    runs.StartTask();
                    return SessionStudy.Run(options, full, _ => runs.Increment(1), interrupted);
                },
                interrupted,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        });
        return report!;
    }
}
