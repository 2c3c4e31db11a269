using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;

namespace Crescent.Silo.Configuration;

/// <summary>The model and the devices that serve it. Section <c>Crescent</c>.</summary>
public sealed class ServingOptions : IChecked
{
    public const string EmbeddedModel = "crescent-tiny.Q8_0.gguf";
    public const string DefaultDevices = "cpu";
    public const double MaxSpeed = 1000;
    public const int MaxThreads = 1024;
    public const int MinKvBlocks = 8;
    public const int MaxKvBlocks = 1 << 24;
    public const string DefaultKvType = "f16";
    public const string DefaultActivations = "int8";
    public const string DefaultInstructions = "auto";
    public const int MaxKvHostMib = 1 << 24;

    /// <summary>What <see cref="KvType"/> takes.</summary>
    public static readonly IReadOnlyDictionary<string, KvType> KvTypes = new Dictionary<string, KvType>(StringComparer.Ordinal)
    {
        ["f16"] = Engine.Devices.Cpu.KvType.F16,
        ["q8_0"] = Engine.Devices.Cpu.KvType.Q8_0,
        ["f32"] = Engine.Devices.Cpu.KvType.F32,
    };

    /// <summary>What <see cref="Activations"/> takes.</summary>
    public static readonly IReadOnlyDictionary<string, ActivationPrecision> ActivationTypes =
        new Dictionary<string, ActivationPrecision>(StringComparer.Ordinal)
        {
            ["int8"] = ActivationPrecision.Int8,
            ["int16"] = ActivationPrecision.Int16,
        };

    /// <summary>What <see cref="Instructions"/> takes.</summary>
    public static readonly IReadOnlyDictionary<string, InstructionSet> InstructionSets = new Dictionary<string, InstructionSet>(StringComparer.Ordinal)
    {
        ["auto"] = InstructionSet.Auto,
        ["avx512-vnni"] = InstructionSet.Avx512Vnni,
        ["avx512"] = InstructionSet.Avx512,
        ["avx2-vnni"] = InstructionSet.Avx2Vnni,
        ["avx2"] = InstructionSet.Avx2,
        ["vector128-dot"] = InstructionSet.Vector128Dot,
        ["vector128"] = InstructionSet.Vector128,
    };

    /// <summary>A GGUF file, or <c>sim:NAME</c> on simulated devices; null for the embedded model.</summary>
    public string? Model { get; set; }

    /// <summary>
    /// Devices of each device silo, parted by commas: <c>cpu</c>, or <c>cpu:0,cpu:1</c> for several; GPUs as <see cref="CudaDevices"/> names them, which the
    /// silos of a machine share out; or simulated devices of the whole
    /// cluster, such as <c>sim:h100-sxm*92:tp8</c>. One that serves another model than <see cref="Model"/> has it behind it: <c>cpu=PATH</c>.
    /// </summary>
    public string Devices { get; set; } = DefaultDevices;

    /// <summary>Further models that devices may load on command, <c>PATH</c> or <c>NAME=PATH</c>, parted by commas; null for none.</summary>
    public string? Models { get; set; }

    /// <summary><see cref="Draft"/> of who wants the model's own head for multi-token prediction.</summary>
    public const string OwnHead = "head";

    /// <summary>
    /// A GGUF file of a smaller model of the same vocabulary, which guesses what the device's model goes on with; or <see cref="OwnHead"/>, which every model on a processor must then have.
    /// Null for neither.
    /// </summary>
    public string? Draft { get; set; }

    /// <summary>The file of <see cref="Draft"/>, if it is one.</summary>
    public string? DraftFile => Draft == OwnHead ? null : Draft;

    /// <summary>Most tokens that <see cref="Draft"/> guesses for a sequence in a step, unless the request says.</summary>
    public int DraftTokens { get; set; } = DraftModel.DefaultTokens;

    /// <summary>Further names of models, <c>ALIAS=MODEL</c>, parted by commas; null for none.</summary>
    public string? Aliases { get; set; }

    /// <summary>How many times faster than the wall clock simulated devices run; above 0.</summary>
    public double Speed { get; set; } = 1;

    /// <summary>Which of the simulated devices this silo owns, as <c>INDEX/OF</c>; null for all.</summary>
    public string? DeviceShare { get; set; }

    /// <summary>Compute threads of each device silo; 0 shares the cores of the machine among them.</summary>
    public int Threads { get; set; }

    /// <summary>KV blocks on each device, of 16 tokens on a CPU; 0 lets the device choose.</summary>
    public int KvBlocks { get; set; }

    /// <summary>How devices keep keys and values: one of <see cref="KvTypes"/>.</summary>
    public string KvType { get; set; } = DefaultKvType;

    /// <summary>What activations are rounded to for products with quantised weights: one of <see cref="ActivationTypes"/>.</summary>
    public string Activations { get; set; } = DefaultActivations;

    /// <summary>Instructions that the CPU device uses: one of <see cref="InstructionSets"/>.</summary>
    public string Instructions { get; set; } = DefaultInstructions;

    /// <summary>MiB of the host tier of each device, for KV blocks that it has no room for; 0 for none.</summary>
    public int KvHostMib { get; set; }

    /// <summary>Folder for the files of the host tier, one a device; null to keep it in memory.</summary>
    public string? KvHostFolder { get; set; }

    /// <summary>Where watts and joules come from: <c>auto</c>, or a source that must be there; see <see cref="PowerMeters.Names"/>.</summary>
    public string PowerMeter { get; set; } = PowerMeters.Automatic;

    /// <summary>File that makes devices sick on command; null for none.</summary>
    public string? Drill { get; set; }

    /// <summary>How devices share their steps.</summary>
    public SchedulingOptions Scheduling { get; set; } = new();

    /// <summary>Full path of the embedded model.</summary>
    public static string EmbeddedPath => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "models", EmbeddedModel));

    /// <summary>Which models there are, and which each device serves.</summary>
    /// <exception cref="FormatException">They cannot be read; the message names the option and what it takes.</exception>
    public ModelPlan Plan => ModelPlan.Read(this);

    /// <summary>Whether devices or a model are simulated.</summary>
    /// <exception cref="FormatException">See <see cref="Plan"/>.</exception>
    public bool IsSimulated => Plan is var plan && (plan.Devices.Any(static d => SimulatedDeviceSpec.IsSimulated(d.Device)) || plan.Models.Any(SimulatedDeviceSpec.IsSimulated));

    /// <summary>Names of the devices, unique.</summary>
    /// <exception cref="FormatException">See <see cref="Plan"/>.</exception>
    public IReadOnlyList<string> DeviceNames => [.. Plan.Devices.Select(static d => d.Device)];

    /// <summary>The file of a model of <see cref="Plan"/>; the embedded one, whose tokenizer and template serve, for a simulated model.</summary>
    public static string FileOf(string model) => SimulatedDeviceSpec.IsSimulated(model) ? EmbeddedPath : model;

    /// <summary>The simulated devices and their model, or null when there are none.</summary>
    /// <exception cref="FormatException">They cannot be; the message names the option and what it takes.</exception>
    public SimulatedServing? Simulated() => IsSimulated ? SimulatedServing.Parse(this) : null;

    /// <summary>Devices of a cluster with so many device silos.</summary>
    public int DevicesOf(int silos) => Simulated()?.Count ?? (DeviceNames.Count(static name => !CudaDevices.IsCuda(name)) * silos) + DeviceNames.Count(CudaDevices.IsCuda);

    public IEnumerable<string> Problems()
    {
        if (PlanFault() is { } misread)
        {
            return [misread];
        }

        return AllProblems();
    }

    private IEnumerable<string> AllProblems()
    {
        if (Threads is < 0 or > MaxThreads)
        {
            yield return Settings.OutOfRange(Settings.Threads, Threads, $"0 (share the cores) to {MaxThreads}");
        }

        if (KvBlocks is not 0 and (< MinKvBlocks or > MaxKvBlocks))
        {
            yield return Settings.OutOfRange(Settings.KvBlocks, KvBlocks, $"0 (automatic) or {MinKvBlocks} to {MaxKvBlocks}");
        }

        foreach (var problem in KvProblems().Concat(DraftProblems()).Concat(Scheduling.Problems()))
        {
            yield return problem;
        }

        if (Speed is not (> 0 and <= MaxSpeed))
        {
            yield return Settings.OutOfRange(Settings.Speed, Speed, $"a factor above 0 and up to {MaxSpeed}");
        }

        if (!PowerMeters.Names.Contains(PowerMeter))
        {
            yield return Settings.OutOfRange(Settings.PowerMeter, PowerMeter, string.Join(", ", PowerMeters.Names));
        }
        else if (IsSimulated && PowerMeter is not (PowerMeters.Automatic or PowerSource.Model))
        {
            yield return Settings.OutOfRange(Settings.PowerMeter, PowerMeter, "auto or model where devices are simulated");
        }
        else if (!IsSimulated && PowerMeter == PowerSource.Nvml && !DeviceNames.All(CudaDevices.IsCuda))
        {
            yield return Settings.OutOfRange(Settings.PowerMeter, PowerMeter, "auto, rapl or model for cpu devices: nvml measures GPUs");
        }
        else if (PowerMeter == PowerSource.Rapl && DeviceNames.Any(CudaDevices.IsCuda))
        {
            yield return Settings.OutOfRange(Settings.PowerMeter, PowerMeter, "auto, nvml or model for cuda devices: rapl measures processors");
        }

        if (IsSimulated)
        {
            if (SimulationFault() is { } fault)
            {
                yield return fault;
            }
        }
        else if (DeviceNames.Count == 0 || DeviceNames.Any(n => !IsDevice(n)))
        {
            yield return Settings.OutOfRange(Settings.Devices, Devices, "cpu, cpu:0,cpu:1,… for several, cuda:N (one GPU a device), cuda:N,M (one device of several), cuda:all or auto, or sim:GPU[*COUNT][:tpN]; one with a model of its own as cpu=PATH");
        }
        else if (DeviceNames.Distinct().Count() < DeviceNames.Count)
        {
            yield return $"{Settings.Devices} names a device twice: '{Devices}'; number them: cpu:0,cpu:1. A GPU serves one model.";
        }
        else if (CudaDevices.Fault(DeviceNames) is { } fault)
        {
            yield return fault;
        }

        var plan = Plan;
        foreach (var model in plan.Models.Where(static model => !File.Exists(FileOf(model))))
        {
            yield return FileOf(model) == EmbeddedPath
                ? $"The embedded model is not at {EmbeddedPath}; build again, or name another file with {Settings.Model}."
                : $"{(Model is { } given && Path.GetFullPath(given) == model ? Settings.Model : plan.Devices.Any(d => d.Model == model) ? Settings.Devices : Settings.Models)} names {model}, where there is no file.";
        }
    }

    private string? PlanFault()
    {
        try
        {
            _ = Plan;
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private IEnumerable<string> KvProblems()
    {
        if (!KvTypes.ContainsKey(KvType))
        {
            yield return Settings.OutOfRange(Settings.KvType, KvType, string.Join(", ", KvTypes.Keys));
        }

        if (KvType != DefaultKvType && DeviceNames.Any(CudaDevices.IsCuda))
        {
            yield return Settings.OutOfRange(Settings.KvType, KvType, $"{DefaultKvType} where devices are GPUs");
        }

        if (!ActivationTypes.ContainsKey(Activations))
        {
            yield return Settings.OutOfRange(Settings.Activations, Activations, string.Join(", ", ActivationTypes.Keys));
        }

        if (!InstructionSets.TryGetValue(Instructions, out var instructions))
        {
            yield return Settings.OutOfRange(Settings.Instructions, Instructions, string.Join(", ", InstructionSets.Keys));
        }
        else if (!Processor.CanRun(instructions))
        {
            yield return $"{Settings.Instructions} is '{Instructions}', which this processor ({Processor.Name}) does not have; leave it at {DefaultInstructions}.";
        }

        if (KvHostMib is < 0 or > MaxKvHostMib)
        {
            yield return Settings.OutOfRange(Settings.KvHostMib, KvHostMib, $"0 (none) to {MaxKvHostMib}");
        }

        if (KvHostFolder is not null && KvHostMib == 0)
        {
            yield return $"{Settings.KvHostFolder} is '{KvHostFolder}', but there is no host tier to keep there; give its size with {Settings.KvHostMib}.";
        }
        else if (KvHostFolder is not null && !Directory.Exists(KvHostFolder))
        {
            yield return $"{Settings.KvHostFolder} names {Path.GetFullPath(KvHostFolder)}, where there is no folder; make it, or leave the option out.";
        }

        if (IsSimulated && (KvType != DefaultKvType || KvHostMib != 0))
        {
            yield return $"{Settings.KvType} and {Settings.KvHostMib} are for devices that hold keys and values; simulated ones hold none: leave them out.";
        }
    }

    private IEnumerable<string> DraftProblems()
    {
        if (DraftTokens is < 1 or > DraftModel.MaxTokens)
        {
            yield return Settings.OutOfRange(Settings.DraftTokens, DraftTokens, $"1 to {DraftModel.MaxTokens}");
        }

        if (Draft is null)
        {
            if (DraftTokens != DraftModel.DefaultTokens)
            {
                yield return $"{Settings.DraftTokens} is {DraftTokens}, but there is no draft model; name one with {Settings.Draft}, or the model's own head with {Settings.Draft} {OwnHead}.";
            }
        }
        else if (IsSimulated)
        {
            yield return $"{Settings.Draft} is '{Draft}'; simulated devices run no draft model and no model's own head: leave it out.";
        }
        else if (DraftFile is { } file && !File.Exists(file))
        {
            yield return $"{Settings.Draft} names {Path.GetFullPath(file)}, where there is no file.";
        }
    }

    private string? SimulationFault()
    {
        try
        {
            Simulated();
            Configuration.DeviceShare.Parse(DeviceShare);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static bool IsDevice(string name) =>
        name == "cpu" || CudaDevices.IsCuda(name) || (name.StartsWith("cpu:", StringComparison.Ordinal) && byte.TryParse(name.AsSpan(4), out _));
}
