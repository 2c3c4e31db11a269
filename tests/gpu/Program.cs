using Crescent.GpuCheck;
using Crescent.GpuCheck.Reports;
using Crescent.GpuCheck.Steps;

Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException fault)
{
    Console.Error.WriteLine(fault.Message);
    Console.Error.WriteLine(Options.Help);
    return 2;
}

if (options.Step is not { } name)
    return new Runner(options).Run();

var step = CheckStep.All.Single(each => each.Name == name);
Directory.CreateDirectory(options.Work);
var report = new StepReport(CheckStep.ReportPath(options, name), Console.Out) { Name = name };
report.Save();
try
{
    step.Run(options, report);
}
catch (Exception fault)
{
    // Whatever it is, it is what the step found; the other steps go on.
    report.Fault($"{fault.GetType().Name}: {fault.Message}");
    await Console.Error.WriteLineAsync(fault.ToString());
}

report.Outcome = report.Faults.Count > 0 ? "failed" : report.Outcome == "running" ? "passed" : report.Outcome;
report.Save();
return report.Faults.Count > 0 ? 1 : 0;
