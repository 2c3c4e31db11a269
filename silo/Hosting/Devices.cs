using Crescent.Engine.Cuda;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Models;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>Makes the devices that the settings name.</summary>
internal static partial class Devices
{
    /// <summary>One plan for each device of a silo; those that compute share its compute threads.</summary>
    public static IReadOnlyList<DevicePlan> Plans(ServingOptions options, ModelCatalogue models)
    {
        if (options.Simulated() is { } simulated)
        {
            return SimulatedDevices.Plans(simulated, DeviceShare.Parse(options.DeviceShare), options, models);
        }

        var plan = options.Plan;
        var gpus = plan.Devices.Select(static device => device.Device).Where(CudaDevices.IsCuda).ToList();
        var processors = plan.Devices.Where(static device => !CudaDevices.IsCuda(device.Device)).ToList();
        var threads = ThreadShare(options.Threads > 0 ? options.Threads : Environment.ProcessorCount, processors.Count);
        var share = DeviceShare.Parse(options.DeviceShare);
        return
        [
            .. plan.Devices.Where(device => gpus.IndexOf(device.Device) is var gpu && (gpu < 0 || share.Owns(gpu))).Select(device => new DevicePlan(
                device.Device,
                (services, sink, model) => CudaDevices.IsCuda(device.Device)
                    ? CudaEngines.Open(device.Device, options, model!, models.Draft, services, sink)
                    : Cpu(device.Device, threads, options, model!, models.Draft, processors.Count, services, sink),
                ModelFiles.Find(plan, models, device.Model),
                model => Fault(
                    device.Device, options, model.Model, models.Draft, [.. processors.Where(other => other != device).Select(other => ModelFiles.Find(plan, models, other.Model).Model)]))),
        ];
    }

    /// <summary>Threads of each of <paramref name="sharers"/> that share <paramref name="threads"/>; at least 1.</summary>
    public static int ThreadShare(int threads, int sharers) => Math.Max(1, threads / Math.Max(1, sharers));

    /// <summary>Throws when a device has no room for a size that the model's file declares, or does not run its kind.</summary>
    /// <exception cref="InvalidModelException">The message names the key, what it takes and what to do.</exception>
    public static void CheckFit(string device, ServingOptions options, LanguageModel model)
    {
        if (CudaDevices.IsCuda(device))
        {
            CudaDevice.CheckFit(model.Graph, CudaDevices.NumbersOf(device).Count);
        }
        else if (options.Simulated() is null)
        {
            CpuDevice.CheckFit(model.Graph, CpuOptions("cpu", 1, options, Scheduling(options)));
        }
    }

    /// <summary>Why what the settings name cannot guess for <paramref name="model"/>; null where it can, and where they name nothing.</summary>
    /// <param name="device">Name of a device.</param>
    /// <param name="options">The settings.</param>
    /// <param name="draft">The draft model; null where there is none.</param>
    /// <param name="model">The device's model.</param>
    /// <param name="others">Those of the silo's other processors, as far as they are known; GPUs have memory of their own.</param>
    /// <exception cref="InvalidModelException">The device does not run its kind, or has no room for it beside the model.</exception>
    public static string? DraftFault(string device, ServingOptions options, LanguageModel? draft, LanguageModel model, IReadOnlyCollection<LanguageModel> others)
    {
        if (options.Draft is null)
        {
            return null;
        }

        if ((draft is null ? ModelHeads.Fault(model) : DraftModels.Fault(draft, model)) is { } fault)
        {
            return fault;
        }

        if (CudaDevices.IsCuda(device))
        {
            CudaDevice.CheckFit(draft?.Graph ?? model.Graph.Head!);
            return null;
        }

        var cpu = CpuOptions("cpu", 1, options, Scheduling(options));
        if (draft is null)
        {
            return ModelHeads.MemoryFault(model, [model, .. others], cpu);
        }

        CpuDevice.CheckFit(draft.Graph, cpu, model.Graph);
        return DraftModels.MemoryFault(draft, [model, .. others], cpu);
    }

    private static string? Fault(string device, ServingOptions options, LanguageModel model, LanguageModel? draft, IReadOnlyCollection<LanguageModel> others)
    {
        try
        {
            CheckFit(device, options, model);
            return DraftFault(device, options, draft, model, others);
        }
        catch (InvalidModelException e)
        {
            return e.Message;
        }
    }

    private static EngineOptions Scheduling(ServingOptions options) =>
        options.Scheduling.Engine(CpuDeviceOptions.DefaultMaxStepTokens, EngineOptions.DefaultMaxRunning, EngineOptions.DefaultMaxWaiting);

    private static CpuDeviceOptions CpuOptions(string name, int threads, ServingOptions options, EngineOptions scheduling) => new()
    {
        Name = name,
        Threads = threads,
        InstructionSet = ServingOptions.InstructionSets[options.Instructions],
        Activations = ServingOptions.ActivationTypes[options.Activations],
        KvBlocks = options.KvBlocks,
        KvType = ServingOptions.KvTypes[options.KvType],
        MaxStepTokens = scheduling.MaxStepTokens,
        MaxLogitRows = Math.Clamp(scheduling.MaxRunning + scheduling.MaxResumed, CpuDeviceOptions.DefaultMaxLogitRows, CpuDeviceOptions.MostLogitRows),
    };

    private static OwnedEngine Cpu(string name, int threads, ServingOptions options, ServedModel served, LanguageModel? draft, int drafts, IServiceProvider services, IEngineSink sink)
    {
        var model = served.Model;
        var scheduling = Scheduling(options);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Crescent.Engine");
        var meter = PowerMeters.ForProcessor(options.PowerMeter, threads, out var fault);
        var cpuOptions = CpuOptions(name, threads, options, scheduling);
        var cpu = new CpuDevice(model.Graph, cpuOptions);
        IDevice device = cpu;
        DraftModel? guesser = null;
        try
        {
            EngineWarmUp.Run(device, model.Tokenizer);
            if (draft is not null)
            {
                guesser = DraftModels.Open(draft, cpu, cpuOptions, drafts, options.DraftTokens);
                EngineWarmUp.Run(guesser.Device, model.Tokenizer);
                LogDraft(logger, name, "draft model", draft.Path, guesser);
            }
            else if (options.Draft == ServingOptions.OwnHead)
            {
                guesser = ModelHeads.Open(model, cpu, cpuOptions, drafts, options.DraftTokens);
                EngineWarmUp.Run(device, model.Tokenizer, guesser);
                LogDraft(logger, name, "own head of", model.Path, guesser);
            }

            device = Practise(device, options.Drill, services);
            var tier = HostTier.Of(options, services.GetRequiredService<ILocalSiloDetails>().Name, device.Info);
            var engine = tier.Open(() => new InferenceEngine(
                device,
                model.Tokenizer,
                served.Name,
                sink,
                new CpuPowerModel(threads),
                scheduling with { KvType = KvKind(options), HostBlocks = tier.Blocks, HostPath = tier.Path },
                meter: meter,
                grammars: served.Grammars,
                draft: guesser));
            engine.RequestFailed = fault => LogRequestFailed(logger, fault.Fault, fault.Request, name, fault.Doing);
            LogDevice(logger, name, served.Id, device.Info.Description, device.Info.BlockCount, options.KvType, tier.Blocks, tier.Path ?? "memory");
            LogPower(logger, name, engine.State.WattsSource, fault ?? "");
            var driver = new EngineDriver(engine, failure => LogFailed(logger, failure, name));
            return new OwnedEngine(engine, [driver, engine, .. new IDisposable?[] { guesser?.Device, device, meter }.OfType<IDisposable>()]);
        }
        catch
        {
            guesser?.Device.Dispose();
            device.Dispose();
            meter?.Dispose();
            throw;
        }
    }

    /// <summary>The device, or the same that can be made sick.</summary>
    internal static IDevice Practise(IDevice device, string? drill, IServiceProvider services)
    {
        if (drill is null)
        {
            return device;
        }

        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Crescent.Drill");
        var key = $"{services.GetRequiredService<ILocalSiloDetails>().Name}/{device.Info.Name}";
        return new DrillDevice(device, key, Path.GetFullPath(drill), TimeProvider.System, fault => LogMisread(logger, fault));
    }

    /// <summary>What cached blocks are known by: keys and values of other activations are others.</summary>
    private static string KvKind(ServingOptions options) =>
        options.Activations == ServingOptions.DefaultActivations ? options.KvType : $"{options.KvType}+{options.Activations}";

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Device {Name}: {Model} on {Description}, {Blocks} KV blocks in {KvType}, {HostBlocks} in the host tier ({Where}).")]
    private static partial void LogDevice(ILogger logger, string name, string model, string description, int blocks, string kvType, int hostBlocks, string where);

    internal static void LogDraft(ILogger logger, string name, string kind, string path, DraftModel draft)
    {
        var info = draft.Device.Info;
        LogDraft(logger, name, kind, path, draft.Tokens, info.BlockCount, (info.BlockCount * info.BlockBytes) >> 20);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Device {Name}: {Kind} {Path} guesses {Tokens} tokens at the most, with {Blocks} KV blocks of its own ({Mib} MiB).")]
    private static partial void LogDraft(ILogger logger, string name, string kind, string path, int tokens, int blocks, long mib);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Fault}")]
    private static partial void LogMisread(ILogger logger, string fault);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Power of device {Name} from {Source}. {Fault}")]
    private static partial void LogPower(ILogger logger, string name, string source, string fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {Request:x} on device {Name} failed while {Doing}.")]
    internal static partial void LogRequestFailed(ILogger logger, Exception failure, long request, string name, string doing);

    [LoggerMessage(Level = LogLevel.Error, Message = "A step on device {Name} failed.")]
    internal static partial void LogFailed(ILogger logger, Exception failure, string name);
}
