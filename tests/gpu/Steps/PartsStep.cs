using System.Globalization;
using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>Where a step's time goes: a step without one of its parts, or with another way of computing it, beside the whole.</summary>
internal static class PartsStep
{
    public static void Run(Options options, StepReport report)
    {
        DecodeStep.WithModel(options, report, options.Small ? DecodeStep.Least : DecodeStep.Main, run =>
        {
            report.Line("| step | milliseconds | less than the whole |");
            report.Line("| --- | --- | --- |");
            DecodeParts(options, report, run, 1);
            foreach (var tokens in options.Small ? new[] { 400 } : [2048, 8192])
                PrefillParts(options, report, run, tokens);
            DecodeParts(options, report, run, options.Small ? 17 : 64);
        });
        Shapes(options, report);
    }

    private static void DecodeParts(Options options, StepReport report, ModelRun run, int batch)
    {
        var device = run.Device;
        run.Fill(batch);
        double Time() => run.Decode(batch, options.Small ? 0.01 : 0.25).Gpu;
        var whole = Time();
        Tell(report, $"decode of {batch}", whole, whole);
        device.UsesGraphs = false;
        Tell(report, $"decode of {batch}, launched kernel by kernel", Time(), whole);
        device.UsesGraphs = true;
        if (batch > 16)
        {
            device.Products.UsesGroups = false;
            device.ForgetGraphs();
            Tell(report, $"decode of {batch}, no products of warp groups", Time(), whole);
            device.Products.UsesGroups = true;
        }

        Without(report, device, $"decode of {batch}", whole, Time);
    }

    private static void PrefillParts(Options options, StepReport report, ModelRun run, int tokens)
    {
        var device = run.Device;
        double Time() => run.Prefill(tokens, options.Small ? 0.01 : 0.4).Gpu;
        var whole = Time();
        Tell(report, $"prompt of {tokens}", whole, whole);
        var from = device.Products.VendorRows;
        device.Products.VendorRows = int.MaxValue;
        Tell(report, $"prompt of {tokens}, without cuBLAS", Time(), whole);
        device.Products.VendorRows = from;
        Without(report, device, $"prompt of {tokens}", whole, Time);
    }

    private static void Without(StepReport report, CudaDevice device, string what, double whole, Func<double> time)
    {
        foreach (var part in new[] { StepParts.Norms, StepParts.Products, StepParts.Rope, StepParts.Attention, StepParts.Silu, StepParts.Head, StepParts.Products | StepParts.Head })
        {
            device.Parts = StepParts.All & ~part;
            Tell(report, $"{what} without {part}", time(), whole);
        }

        device.Parts = StepParts.None;
        Tell(report, $"{what}, embeddings alone", time(), whole);
        device.Parts = StepParts.All;
    }

    private static void Tell(StepReport report, string what, double seconds, double whole)
    {
        report.Line(string.Create(CultureInfo.InvariantCulture, $"| {what} | {seconds * 1e3:0.000} | {(whole - seconds) * 1e3:0.000} |"));
        report.Figure($"{what} milliseconds", seconds * 1e3);
    }

    // The matrices of an 8B model's layer, one product after the other as in a step, none of them in a cache.
    private static void Shapes(Options options, StepReport report)
    {
        report.Line("| matrix | type | rows of x | µs | GB/s |");
        report.Line("| --- | --- | --- | --- | --- |");
        foreach (var type in options.Small ? new[] { GgmlType.Q4_K } : [GgmlType.Q4_K, GgmlType.Q8_0])
        {
            foreach (var (columns, rows) in options.Small ? new[] { (256, 512) } : [(4096, 6144), (4096, 4096), (4096, 28672), (14336, 4096)])
            {
                using var benchmark = new MatrixBenchmark(options.Device, type, columns, rows, 512, options.Small ? 1 : 16, Path.Combine(options.Work, "kernels"));
                foreach (var count in options.Small ? new[] { 1 } : [1, 16, 32, 48, 64, 128, 256, 512])
                {
                    _ = benchmark.Run(count, 16);
                    var time = benchmark.Run(count, options.Small ? 1 : 64).TotalSeconds;
                    report.Line(string.Create(CultureInfo.InvariantCulture, $"| {rows} by {columns} | {type} | {count} | {time * 1e6:0.0} | {benchmark.Bytes / time / 1e9:0} |"));
                    report.Figure($"{rows} by {columns} {type} {count} rows microseconds", time * 1e6);
                }
            }
        }
    }
}
