using System.Diagnostics;
using System.Globalization;
using Crescent.Engine.Cuda;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Device;
using Crescent.GpuCheck.Model;
using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>Decode and prefill of whole models of random weights, in time and watts.</summary>
internal static class DecodeStep
{
    /// <summary>The shape of an 8B model.</summary>
    public static readonly SyntheticModel Main = new("8B Q4_K", GgmlType.Q4_K, 32, 4096, 14336, 32, 8, 128, 128256);

    /// <summary>A small one, for an emulated GPU.</summary>
    public static readonly SyntheticModel Least = new("small Q4_K", GgmlType.Q4_K, 2, 256, 512, 4, 2, 64, 512);

    private static readonly SyntheticModel[] Large =
    [
        Main, new("8B Q8_0", GgmlType.Q8_0, 32, 4096, 14336, 32, 8, 128, 128256),
    ];

    private static readonly SyntheticModel[] Tiny = [Least, new("small Q8_0", GgmlType.Q8_0, 1, 128, 256, 4, 2, 32, 300)];

    public static void Run(Options options, StepReport report)
    {
        double bandwidth;
        PowerSampler? power;
        using (var gpu = new Gpu(options.Device))
        {
            bandwidth = Ceilings.CopyBandwidth(gpu, options.Small);
            power = PowerSampler.Open(gpu.PciBusId, out var why);
            if (power is null)
                report.Line($"no NVML: {why}");
        }

        report.Line(string.Create(CultureInfo.InvariantCulture, $"copy within the device: {bandwidth / 1e9:0} GB/s"));
        foreach (var model in options.Small ? Tiny : Large)
            Measure(options, report, model, bandwidth, power);
        power?.Dispose();
    }

    /// <summary>Opens a device with a model of random weights, and lets <paramref name="work"/> use it.</summary>
    public static void WithModel(Options options, StepReport report, SyntheticModel model, Action<ModelRun> work)
    {
        var folder = !options.Small && Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").AvailableFreeSpace > 20L << 30 ? "/dev/shm" : Path.GetTempPath();
        var path = Path.Combine(folder, $"crescent-gpu-check-{Environment.ProcessId}.gguf");
        try
        {
            model.Write(path);
            using var file = GgufFile.Open(path);
            var clock = Stopwatch.StartNew();
            using var device = Open(options, file);
            var seconds = clock.Elapsed.TotalSeconds;
            var parts = string.Join(", ", device.Memory.Select(static part => string.Create(CultureInfo.InvariantCulture, $"{part.Key} {part.Value / 1e9:0.000} GB")));
            report.Line(string.Create(CultureInfo.InvariantCulture, $"{model.Name}: open in {seconds:0.0} s; {device.WeightBytesPerStep / 1e9:0.000} GB of weights in a step; {parts}"));
            report.Figure($"{model.Name} open_seconds", seconds);
            if (device.BlasFault is { } without)
                report.Line(without);
            work(new ModelRun(device, model, options.Small));
            if (device.GraphFault is { } fault)
                report.Line($"no graphs: {fault}");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Measure(Options options, StepReport report, SyntheticModel model, double bandwidth, PowerSampler? power) => WithModel(options, report, model, run =>
    {
        report.Line("| model | batch | positions | ms a step, GPU | ms a step, wall | tokens/s | GB/s | of the copy's | W | J/token |");
        report.Line("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var batch in options.Small ? new[] { 1, 3 } : [1, 8, 32])
            Decode(options, report, run, batch, bandwidth, power);
        Prefill(options, report, run, power);
        if (!options.Small)
            Decode(options, report, run, 64, bandwidth, power);
    });

    private static CudaDevice Open(Options options, GgufFile file) => new(Architecture.Read(file), new CudaDeviceOptions
    {
        Name = $"cuda:{options.Device}",
        Gpu = options.Device,
        KvBlocks = options.Small ? 64 : 64 * (ModelRun.Context(false) + 512) / 16,
        MaxStepTokens = options.Small ? 512 : 8192,
        MaxLogitRows = 64,
        KernelCache = Path.Combine(options.Work, "kernels"),
    });

    private static void Prefill(Options options, StepReport report, ModelRun run, PowerSampler? power)
    {
        foreach (var tokens in options.Small ? new[] { 32, 400 } : [512, 2048, 8192])
        {
            power?.Begin();
            var (gpu, wall) = run.Prefill(tokens, options.Small ? 0.01 : 1);
            var watts = power?.End().Watts;
            var rate = 2.0 * tokens * run.Model.MultipliedWithoutHead / gpu;
            report.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"{run.Model.Name}: prompt of {tokens} tokens in {gpu * 1e3:0.0} ms ({wall * 1e3:0.0} ms wall): {tokens / gpu:0} tokens/s, {rate / 1e12:0.0} TFLOP/s in matrices, {watts ?? double.NaN:0} W"));
            report.Figure($"{run.Model.Name} prefill {tokens} tokens_per_second", tokens / gpu);
            report.Figure($"{run.Model.Name} prefill {tokens} flops", rate);
            report.Figure($"{run.Model.Name} prefill {tokens} watts", watts ?? -1);
        }
    }

    private static void Decode(Options options, StepReport report, ModelRun run, int batch, double bandwidth, PowerSampler? power)
    {
        run.Fill(batch);
        power?.Begin();
        var (gpu, wall, positions) = run.Decode(batch, options.Small ? 0.01 : 1.5);
        var watts = power?.End().Watts;
        var bytes = run.Device.WeightBytesPerStep + (batch * positions * run.Device.Info.BlockBytes / 16.0);
        var (read, tokens) = (bytes / wall, batch / wall);
        report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"| {run.Model.Name} | {batch} | {positions:0} | {gpu * 1e3:0.000} | {wall * 1e3:0.000} | {tokens:0.0} | {read / 1e9:0} | {100 * read / bandwidth:0.0} % | {watts ?? double.NaN:0} | {(watts ?? double.NaN) / tokens:0.000} |"));
        report.Figure($"{run.Model.Name} batch {batch} tokens_per_second", tokens);
        report.Figure($"{run.Model.Name} batch {batch} bytes_per_second", read);
        report.Figure($"{run.Model.Name} batch {batch} gpu_milliseconds", gpu * 1e3);
        report.Figure($"{run.Model.Name} batch {batch} watts", watts ?? -1);
    }
}
