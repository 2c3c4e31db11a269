using System.CommandLine;
using System.Globalization;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Lab.Calibration;
using Spectre.Console;

namespace Crescent.Lab.Commands;

/// <summary><c>lab calibrate</c>: measured throughput beside simulated.</summary>
internal sealed class CalibrateCommand : Command
{
    private readonly Terminal _terminal;

    public CalibrateCommand(Terminal terminal) : base(
        "calibrate", "Replay measured offline runs on simulated devices, through the real scheduler in virtual time, and compare.")
    {
        _terminal = terminal;
        var data = new Option<FileInfo[]>("--data")
        {
            Description = "CSV with the columns model, gpu, tensor_parallel (or gpus and parallel, tp or dep), weights, isl, osl, requests, output_tokens_per_second; may be repeated",
            HelpName = "FILE",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the rows with their simulated throughput to this file as JSON", HelpName = "OUT" };
        var jobs = NumberOption.Create<int>(
            "--jobs", "Rows at once (default: the processor's cores)", "N", "a whole number from 1 to 256", static value => value is >= 1 and <= 256);
        Options.Add(data);
        Options.Add(json);
        Options.Add(jobs);
        SetAction((parsed, _) => CommandGuard.Run(
            _terminal,
            json: false,
            interrupted => Calibrate(
                parsed.GetRequiredValue(data), parsed.GetValue(json), parsed.GetValue(jobs) ?? Environment.ProcessorCount, interrupted)));
    }

    private async Task<int> Calibrate(FileInfo[] data, FileInfo? json, int jobs, CancellationToken interrupted)
    {
        try
        {
            ThroughputRow[] rows = [.. data.SelectMany(static file => ThroughputFile.Read(file.FullName))];
            var report = await Replay(rows, jobs, interrupted);
            _terminal.Output.Write(Table(report));
            foreach (var row in report.Rows.Where(static row => row.Fault is not null))
            {
                Terminal.WriteNote(_terminal.Error, $"{row.Row.Model} on {row.Row.Gpu}: {row.Fault}");
            }

            if (json is not null)
            {
                await File.WriteAllTextAsync(json.FullName, report.ToJson(), interrupted);
            }

            return report.Rows.All(static row => row.Fault is null) ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new FactoryException(fault.Message, "Give measured runs with --data and a file that can be written with --json.", fault);
        }
    }

    private async Task<CalibrationReport> Replay(ThroughputRow[] rows, int jobs, CancellationToken interrupted)
    {
        CalibrationReport? report = null;
        await _terminal.Error.Progress().AutoClear(true).StartAsync(async progress =>
        {
            var task = progress.AddTask($"{rows.Length} simulated runs", maxValue: rows.Length);
            report = await Task.Factory.StartNew(
                () => CalibrationReport.Run(rows, jobs, (_, count) => task.Value = count, interrupted),
                interrupted,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        });
        return report!;
    }

    private static Table Table(CalibrationReport report)
    {
        var table = new Table().Title("simulated against measured output tokens/s").Border(TableBorder.Simple);
        table.AddColumn("runs");
        foreach (var column in (string[])["rows", "median error", "worst error", "bias"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var group in report.Groups)
        {
            AddRow(table, group);
        }

        table.AddEmptyRow();
        foreach (var model in report.Models.Concat(report.Files))
        {
            AddRow(table, model);
        }

        if (report.All is { } all)
        {
            table.AddEmptyRow();
            AddRow(table, all);
        }

        return table;
    }

    private static void AddRow(Table table, ErrorSummary summary) => table.AddRow(
        Markup.Escape(summary.Name),
        summary.Rows.ToString(CultureInfo.InvariantCulture),
        summary.Median.ToString("0.0 %", CultureInfo.InvariantCulture),
        summary.Worst.ToString("0.0 %", CultureInfo.InvariantCulture),
        summary.Bias.ToString("+0.0 %;-0.0 %", CultureInfo.InvariantCulture));
}
