using System.Diagnostics;
using System.Globalization;
using Crescent.GpuCheck.Reports;
using Crescent.GpuCheck.Steps;

namespace Crescent.GpuCheck;

/// <summary>Runs each step in a process of its own, with a limit: one that fails, hangs or loses the GPU's context does not stop the others.</summary>
internal sealed class Runner(Options options)
{
    private readonly List<StepReport> _reports = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Runs them.</summary>
    /// <returns>0 when all passed.</returns>
    public int Run()
    {
        Directory.CreateDirectory(options.Out);
        Directory.CreateDirectory(options.Work);
        foreach (var step in CheckStep.All.Where(step => options.Only.Count == 0 ? !step.IsInner : options.Only.Contains(step.Name)))
        {
            var left = options.LimitSeconds - _clock.Elapsed.TotalSeconds;
            var report = left < 10 ? Skipped(step, "no time is left") : RunStep(step, Math.Min(step.LimitSeconds, left));
            _reports.Add(report);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_clock.Elapsed.TotalSeconds,5:0.0} s] {step.Name}: {report.Outcome} in {report.Seconds:0.0} s"));
            SummaryFiles.Write(options.Out, _reports);
        }

        Directory.Delete(options.Work, recursive: true);
        return _reports.All(static report => report.Outcome is "passed" or "skipped") ? 0 : 1;
    }

    private static StepReport Skipped(CheckStep step, string why) => new() { Name = step.Name, Outcome = "skipped", Lines = [why] };

    private StepReport RunStep(CheckStep step, double limit)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_clock.Elapsed.TotalSeconds,5:0.0} s] {step.Name}: {step.About} (at most {limit:0} s)"));
        var path = CheckStep.ReportPath(options, step.Name);
        File.Delete(path);
        var start = _clock.Elapsed;
        using var process = Process.Start(Self.Start(options, step.Name))!;
        var ended = false;
        while (!ended && (_clock.Elapsed - start).TotalSeconds < limit)
        {
            ended = process.WaitForExit(TimeSpan.FromSeconds(Math.Clamp(limit - (_clock.Elapsed - start).TotalSeconds, 0.01, 2)));

            // Whoever ends this run finds what there is so far.
            if (!ended && SummaryFiles.TryReadStep(path) is { } soFar)
                SummaryFiles.Write(options.Out, [.. _reports, soFar]);
        }

        if (!ended)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(5));
        }

        var report = SummaryFiles.ReadStep(path) ?? new StepReport { Name = step.Name };
        report.Seconds = (_clock.Elapsed - start).TotalSeconds;
        if (!ended)
            report.Outcome = "ended";
        if (report.Outcome == "running")
        {
            report.Outcome = "failed";
            report.Lines.Add($"its process ended with exit code {process.ExitCode}");
        }

        return report;
    }
}
