using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>One part of the check.</summary>
/// <param name="Name">To ask for it.</param>
/// <param name="About">For a human.</param>
/// <param name="LimitSeconds">When its process is ended.</param>
/// <param name="Run">Does it; what it throws is a fault.</param>
internal sealed record CheckStep(string Name, string About, int LimitSeconds, Action<Options, StepReport> Run)
{
    /// <summary>In the order in which they are run: what matters most comes first.</summary>
    public static IReadOnlyList<CheckStep> All { get; } =
    [
        new("device", "the GPU, the driver and the libraries", 45, DeviceStep.Run),
        new("tokens", "tokens of small models, beside the processor's", 60, TokensStep.Run),
        new("kernels", "every kernel beside plain arithmetic", 75, KernelsStep.Run),
        new("products", "copies, products of quantised matrices, and the vendor's", 75, ProductsStep.Run),
        new("decode", "decode and prefill of a large model of random weights", 110, DecodeStep.Run),
        new("sampling", "tokens drawn from 64 rows of logits, beside copying them", 40, SamplingStep.Run),
        new("parts", "what each part of a step takes, and each way of computing it", 80, PartsStep.Run),
        new("sanitizer", "memcheck and racecheck over a few of the kernels", 90, SanitizerStep.Run),
        new("few-kernels", "each kernel once, small", 60, KernelsStep.RunFew),
    ];

    /// <summary>Run by another step only.</summary>
    public bool IsInner => Name == "few-kernels";

    /// <summary>Where a step's process writes what it found.</summary>
    public static string ReportPath(Options options, string step) => Path.Combine(options.Work, $"step-{step}.json");
}
