using System.Diagnostics;
using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>The vendor's checker over a few kernels, where it is installed.</summary>
internal static class SanitizerStep
{
    public static void Run(Options options, StepReport report)
    {
        if (Find() is not { } sanitizer)
        {
            report.Line("compute-sanitizer is not installed");
            report.Outcome = "skipped";
            return;
        }

        report.Line(sanitizer);
        foreach (var tool in new[] { "memcheck", "racecheck" })
            Check(options, report, sanitizer, tool);
    }

    private static void Check(Options options, StepReport report, string sanitizer, string tool)
    {
        var inner = options with { Work = Path.Combine(options.Work, tool) };
        var log = Path.Combine(options.Out, $"{tool}.log");
        string[] arguments = ["--tool", tool, "--error-exitcode", "9", "--log-file", log, "--", Self.Command.File, .. Self.Arguments(inner, "few-kernels")];
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(sanitizer, arguments) { RedirectStandardOutput = true })!;

        // It prints what the step prints, which is in the step's own report.
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(42)))
        {
            process.Kill(entireProcessTree: true);
            report.Line($"{tool}: not done within 42 s");
            Tail(report, log);
            return;
        }

        var few = SummaryFiles.ReadStep(CheckStep.ReportPath(inner, "few-kernels"));
        var summary = File.Exists(log) ? File.ReadLines(log).LastOrDefault(static line => line.Contains("SUMMARY", StringComparison.Ordinal)) : null;
        report.Line($"{tool}: exit code {process.ExitCode}, {summary ?? "no summary"}; {few?.Lines.Count ?? 0} checks, {few?.Outcome ?? "none"}, in {clock.Elapsed.TotalSeconds:0} s");
        if (process.ExitCode == 9 || summary is not null && !summary.Contains(": 0 errors", StringComparison.Ordinal) && !summary.Contains(": 0 hazards", StringComparison.Ordinal))
        {
            report.Fault($"{tool} found something");
            Tail(report, log);
        }
        else if (process.ExitCode != 0)
        {
            report.Fault($"{tool} did not run to its end: {output.Result.Split('\n').LastOrDefault(static line => line.Length > 0)}");
            Tail(report, log);
        }
    }

    private static void Tail(StepReport report, string log)
    {
        foreach (var line in (File.Exists(log) ? File.ReadLines(log).Take(25) : []).Select(static line => line.Trim('=', ' ')).Where(static line => line.Length > 0))
            report.Line(line);
    }

    private static string? Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Concat(Directory.Exists("/usr/local") ? Directory.EnumerateDirectories("/usr/local", "cuda*").SelectMany(static f => new[] { Path.Combine(f, "bin"), Path.Combine(f, "compute-sanitizer") }) : []);
        return folders.Where(static folder => folder.Length > 0).Select(static folder => Path.Combine(folder, "compute-sanitizer")).FirstOrDefault(File.Exists);
    }
}
