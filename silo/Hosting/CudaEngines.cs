using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Power.Nvml;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Models;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>Makes the engines of a silo's GPUs.</summary>
internal static partial class CudaEngines
{
    /// <summary>Sequences that run at once unless the settings say.</summary>
    public const int MaxRunning = 128;

    /// <summary>Requests that wait unless the settings say.</summary>
    public const int MaxWaiting = 2048;

    /// <summary>What cached blocks are known by: a GPU's lie otherwise than a processor's, and those of several GPUs otherwise than one's.</summary>
    private static string KvKind(int gpus) => gpus == 1 ? "cuda-f16" : $"cuda-f16:tp{gpus}";

    /// <summary>Opens a GPU with a model.</summary>
    /// <exception cref="StartException">It cannot be; the message says what helps.</exception>
    public static OwnedEngine Open(string name, ServingOptions options, ServedModel served, LanguageModel? draft, IServiceProvider services, IEngineSink sink)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Crescent.Engine");
        var scheduling = options.Scheduling.Engine(CudaDeviceOptions.DefaultMaxStepTokens, MaxRunning, MaxWaiting);
        var parts = new List<IDisposable>();
        try
        {
            var cuda = new CudaDevice(served.Model.Graph, Options(name, options, scheduling, new UploadLog(logger, name).Tell) with
            {
                Draft = draft?.Graph ?? (options.Draft == ServingOptions.OwnHead ? served.Model.Graph.Head : null),
            });
            parts.Add(cuda);
            var meters = Meters(options.PowerMeter, cuda.Gpus, out var fault);
            parts.AddRange(meters);

            EngineWarmUp.Run(cuda, served.Model.Tokenizer);
            var guesser = cuda.Draft is null ? null : new DraftModel(cuda.Draft, draft?.Name ?? $"{served.Model.Name} head", options.DraftTokens);
            if (guesser is not null)
            {
                EngineWarmUp.Run(cuda, served.Model.Tokenizer, guesser);
                Devices.LogDraft(logger, name, draft is null ? "own head of" : "draft model", (draft ?? served.Model).Path, guesser);
            }

            var device = Devices.Practise(cuda, options.Drill, services);
            parts[0] = device;
            var tier = HostTier.Of(options, services.GetRequiredService<ILocalSiloDetails>().Name, device.Info);
            var engine = tier.Open(() => new InferenceEngine(
                device,
                served.Model.Tokenizer,
                served.Name,
                sink,
                new GpuPowerModel(cuda.Gpus.Select((_, gpu) => gpu < meters.Count ? meters[gpu].Cap?.CapWatts : null).Sum(static watts => watts ?? GpuPowerModel.DefaultLimitWatts)),
                scheduling with { KvType = KvKind(cuda.Gpus.Count), HostBlocks = tier.Blocks, HostPath = tier.Path },
                meter: meters.Count == 0 ? null : SummedMeter.Of([.. meters.Select(static gpu => gpu.Meter)]),
                grammars: served.Grammars,
                draft: guesser));
            parts.Insert(0, engine);
            engine.RequestFailed = failure => Devices.LogRequestFailed(logger, failure.Fault, failure.Request, name, failure.Doing);
            var memory = Memory(cuda);
            LogDevice(logger, name, served.Id, device.Info.Description, device.Info.BlockCount, memory, tier.Blocks);
            LogPower(logger, name, engine.State.WattsSource, fault ?? "", cuda.CacheFault ?? "");
            if (cuda.PinFault is { } unpinned)
            {
                LogUnpinned(logger, unpinned);
            }

            parts.Insert(0, new EngineDriver(engine, failure => Devices.LogFailed(logger, failure, name)));
            return new OwnedEngine(engine, [.. parts]);
        }
        catch (Exception fault)
        {
            foreach (var part in parts)
            {
                part.Dispose();
            }

            if (fault is CudaDeviceException)
            {
                throw new StartException($"Device {name} cannot be opened: {fault.Message}", fault);
            }

            throw;
        }
    }

    private static CudaDeviceOptions Options(string name, ServingOptions options, EngineOptions scheduling, Action<long, long> progress) => new()
    {
        Name = name,
        Gpus = CudaDevices.NumbersOf(name),
        KvBlocks = options.KvBlocks,
        MaxStepTokens = Math.Min(scheduling.MaxStepTokens, CudaDeviceOptions.MostStepTokens),
        MaxLogitRows = Math.Clamp(scheduling.MaxRunning + scheduling.MaxResumed, CudaDeviceOptions.DefaultMaxLogitRows, CudaDeviceOptions.MostLogitRows),
        Progress = progress,
    };

    // Of all GPUs, or of none: what one draws says nothing of the others.
    private static List<NvmlGpu> Meters(string setting, IReadOnlyList<CudaGpu> gpus, out string? fault)
    {
        fault = null;
        var meters = new List<NvmlGpu>();
        foreach (var gpu in setting == PowerSource.Model ? [] : gpus)
        {
            if (NvmlGpu.TryOpen(gpu.PciBusId, out var found, out var why))
            {
                meters.Add(found);
                continue;
            }

            meters.ForEach(static meter => meter.Dispose());
            fault = why;
            return setting == PowerMeters.Automatic
                ? []
                : throw new StartException($"{Settings.PowerMeter} is '{setting}', which cannot be read: {why} Or use {PowerMeters.Automatic} or {PowerSource.Model}.");
        }

        return meters;
    }

    private static string Memory(CudaDevice device) =>
        string.Join(", ", device.Memory.OrderByDescending(static part => part.Value).Select(static part => $"{part.Value >> 20} MiB for {part.Key}"));

    [LoggerMessage(Level = LogLevel.Information, Message = "Device {Name}: {Model} on {Description}, {Blocks} KV blocks, {Memory}; {HostBlocks} blocks in the host tier.")]
    private static partial void LogDevice(ILogger logger, string name, string model, string description, int blocks, string memory, int hostBlocks);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Power of device {Name} from {Source}. {Fault} {CacheFault}")]
    private static partial void LogPower(ILogger logger, string name, string source, string fault, string cacheFault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Fault} Copies to and from the host tier hold its steps up; one in memory, without --kv-host-folder, may be pinned where a file cannot.")]
    private static partial void LogUnpinned(ILogger logger, string fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "Device {Name}: {Percent} % of {Bytes} MiB of weights are up.")]
    private static partial void LogUpload(ILogger logger, string name, int percent, long bytes);

    /// <summary>Tells each quarter of an upload.</summary>
    private sealed class UploadLog(ILogger logger, string name)
    {
        private int _told;

        public void Tell(long done, long all)
        {
            var quarters = (int)(4 * done / Math.Max(1, all));
            if (quarters > _told)
            {
                _told = quarters;
                LogUpload(logger, name, quarters * 25, all >> 20);
            }
        }
    }
}
