using System.CommandLine;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Lab.Plots;
using Crescent.Lab.Rendering;
using Crescent.Lab.Studies;
using Spectre.Console;

namespace Crescent.Lab.Commands;

/// <summary>The lab's root: studies of policies on simulated devices in virtual time, and the other studies under it; no cluster is needed.</summary>
internal sealed class LabCommand : RootCommand
{
    private readonly Terminal _terminal;
    private readonly StudySettings _settings = new();

    public LabCommand(Terminal terminal) : base("Study simulated devices in virtual time; no cluster is needed. With --trace: policies, budgets and loads on a trace.")
    {
        _terminal = terminal;
        var json = new Option<FileInfo?>("--json") { Description = "Write all runs to this file as JSON", HelpName = "OUT" };
        var csv = new Option<FileInfo?>("--csv") { Description = "Write all runs to this file as CSV", HelpName = "OUT" };
        var plots = new Option<DirectoryInfo?>("--plots") { Description = "Draw PNG plots into this folder", HelpName = "FOLDER" };
        _settings.AddTo(this);
        Options.Add(json);
        Options.Add(csv);
        Options.Add(plots);
        Subcommands.Add(new CalibrateCommand(terminal));
        Subcommands.Add(new FrontierCommand(terminal));
        Subcommands.Add(new SessionsCommand(terminal));
        Subcommands.Add(new StrategiesCommand(terminal));
        Subcommands.Add(new ServersCommand(terminal));
        Subcommands.Add(new AgentsCommand(terminal));
        SetAction((parsed, _) => CommandGuard.Run(
            _terminal, json: false, interrupted => Run(parsed, parsed.GetValue(json), parsed.GetValue(csv), parsed.GetValue(plots), interrupted)));
    }

    private async Task<int> Run(ParseResult parsed, FileInfo? json, FileInfo? csv, DirectoryInfo? plots, CancellationToken interrupted)
    {
        try
        {
            var options = _settings.Read(parsed) ?? throw new FormatException("lab needs --trace FILE|NAME, or one of the commands calibrate, frontier, sessions, agents, strategies and servers.");
            var report = await Study(options, interrupted);
            _terminal.Output.Write(StudyTable.Of(report));
            if (json is not null)
            {
                await File.WriteAllTextAsync(json.FullName, report.ToJson(), interrupted);
            }

            if (csv is not null)
            {
                await File.WriteAllTextAsync(csv.FullName, report.ToCsv(), interrupted);
            }

            if (plots is not null)
            {
                plots.Create();
                StudyPlots.Draw(report, plots.FullName);
            }

            return ExitCodes.Success;
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new FactoryException(fault.Message, "See crescent lab --help.", fault);
        }
    }

    /// <summary>Runs the study on threads of its own, with a bar for the user.</summary>
    private async Task<StudyReport> Study(StudyOptions options, CancellationToken interrupted)
    {
        StudyReport? report = null;
        await _terminal.Error.Progress().AutoClear(true).StartAsync(async progress =>
        {
            var search = progress.AddTask("finding full load", maxValue: 1);
            search.IsIndeterminate = true;
            var count = Lab.Studies.Study.Count(options);
            var runs = progress.AddTask($"{count} simulated runs", autoStart: false, maxValue: count);
            report = await Task.Factory.StartNew(
                () =>
                {
                    var full = options.FullRate is { } rate
                        ? new FullLoad(rate, double.NaN, double.NaN)
                        : LoadFinder.Find(
                            options,
                            (_, rate, attainment) => search.Description = FormattableString.Invariant($"finding full load: {rate:0.0} requests/s meet the SLO for {attainment:0.0 %}"),
                            interrupted);
                    search.Value = 1;
                    search.StopTask();
                    runs.StartTask();
                    return Lab.Studies.Study.Run(options, full, _ => runs.Increment(1), interrupted);
                },
                interrupted,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        });
        return report!;
    }
}
