using System.Globalization;
using Crescent.GpuCheck.Device;
using Crescent.GpuCheck.Kernels;
using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>Every kernel beside plain arithmetic over random shapes.</summary>
internal static class KernelsStep
{
    public static void Run(Options options, StepReport report) => Run(options, report, options.Small ? 2 : 8, static _ => true);

    /// <summary>Each kernel with one shape, of the products only some: under a checker each launch takes long.</summary>
    public static void RunFew(Options options, StepReport report) => Run(
        options, report, 1, static name => !(name.StartsWith("matmul", StringComparison.Ordinal) || name.StartsWith("experts", StringComparison.Ordinal)) || name.EndsWith("Q8_0", StringComparison.Ordinal) || name.EndsWith("Q4_K", StringComparison.Ordinal)
            || name.EndsWith("MXFP4", StringComparison.Ordinal));

    private static void Run(Options options, StepReport report, int shapes, Func<string, bool> wanted)
    {
        var gpu = new Gpu(options.Device);
        foreach (var check in KernelCheck.All.Where(check => wanted(check.Name)))
        {
            var worst = 0.0;
            try
            {
                for (var seed = 1; seed <= shapes; seed++)
                    worst = Math.Max(worst, check.Run(gpu, new Seeded(seed)));
                report.Line(string.Create(CultureInfo.InvariantCulture, $"{check.Name}: {shapes} shapes, greatest relative error {worst:g3}"));
                report.Figure($"error {check.Name}", worst);
            }
            catch (Exception fault) when (fault is CheckFailedException or CudaCallException or InvalidOperationException)
            {
                report.Fault($"{check.Name}: {fault.Message}");

                // An error may stay with the context: the others get a fresh one.
                gpu.Dispose();
                gpu = new Gpu(options.Device);
            }
        }

        gpu.Dispose();
    }
}
