using System.Globalization;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>Makes a silo's share of the cluster's simulated devices; each sleeps on a thread of its own.</summary>
internal static class SimulatedDevices
{
    // What servers of such GPUs are started with.
    public const int MaxRunning = 1024;
    public const int MaxWaiting = 4096;

    // Where nobody says how a fleet stands: servers of eight GPUs, four to a rack.
    private const int NodeGpus = 8;
    private const int RackNodes = 4;

    /// <summary>One plan for each device that the silo owns, all on one clock.</summary>
    public static IReadOnlyList<DevicePlan> Plans(SimulatedServing serving, DeviceShare share, ServingOptions serve, LanguageModel text)
    {
        var speed = serve.Speed;
        var clock = speed == 1 ? TimeProvider.System : new SpeedTimeProvider(speed);
        var options = serve.Scheduling.Engine(SimulatedDeviceOptions.DefaultMaxStepTokens, MaxRunning, MaxWaiting);
        var words = new Lazy<SimulatedText>(() => new SimulatedText(text.Tokenizer));
        var plans = new List<DevicePlan>();
        var index = 0;
        foreach (var spec in serving.Specs)
        {
            for (var i = 0; i < spec.Count; i++, index++)
            {
                if (share.Owns(index))
                {
                    var at = index;
                    plans.Add(new DevicePlan(
                        spec.DeviceName(at), (services, sink) => Create(serving, spec, at, speed, serve.Drill, clock, options, words.Value, text, services, sink)));
                }
            }
        }

        return plans;
    }

    private static OwnedEngine Create(
        SimulatedServing serving,
        SimulatedDeviceSpec spec,
        int index,
        double speed,
        string? drill,
        TimeProvider clock,
        EngineOptions options,
        SimulatedText words,
        LanguageModel text,
        IServiceProvider services,
        IEngineSink sink)
    {
        var node = index * spec.TensorParallel / NodeGpus;
        var place = new SimulatedDeviceOptions
        {
            Node = string.Create(CultureInfo.InvariantCulture, $"node-{node}"),
            Rack = string.Create(CultureInfo.InvariantCulture, $"rack-{node / RackNodes}"),
            MaxStepTokens = options.MaxStepTokens,
            MaxLogitRows = Math.Max(SimulatedDeviceOptions.DefaultMaxLogitRows, options.MaxRunning + options.MaxResumed),
        };
        var device = new SimulatedDevice(spec, index, serving.Model, words, place);
        var paced = Devices.Practise(new PacedDevice(device, speed), drill, services);
        var engine = new InferenceEngine(paced, text.Tokenizer, serving.ModelName, sink, device.Power, options, clock, grammars: services.GetRequiredService<GrammarCache>());
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Crescent.Engine");
        var name = device.Info.Name;
        engine.RequestFailed = fault => Devices.LogRequestFailed(logger, fault.Fault, fault.Request, name, fault.Doing);
        return new OwnedEngine(engine, new EngineDriver(engine, failure => Devices.LogFailed(logger, failure, name)), engine, paced);
    }
}
