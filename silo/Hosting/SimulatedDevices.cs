using System.Globalization;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Models;
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
    public static IReadOnlyList<DevicePlan> Plans(SimulatedServing serving, DeviceShare share, ServingOptions serve, ModelCatalogue models)
    {
        var speed = serve.Speed;
        var clock = speed == 1 ? TimeProvider.System : new SpeedTimeProvider(speed);
        var words = new Lazy<SimulatedText>(() => new SimulatedText(models.Default.Model.Tokenizer));
        var plans = new List<DevicePlan>();
        var index = 0;
        var shapes = serving.Models.ToDictionary(pair => serving.NameOf(pair.Key), static pair => pair.Value, StringComparer.Ordinal);
        foreach (var (spec, model) in serving.Groups)
        {
            var options = serve.Scheduling.Engine(spec.MaxStepTokens, MaxRunning, MaxWaiting);
            for (var i = 0; i < spec.Count; i++, index++)
            {
                if (share.Owns(index))
                {
                    var at = index;
                    plans.Add(new DevicePlan(
                        spec.DeviceName(at),
                        (services, sink, served) => Create(shapes[served!.Name], served, spec, at, speed, serve.Drill, clock, options, words.Value, services, sink),
                        ModelFiles.Find(serve.Plan, models, model),
                        served => Fault(spec, shapes[served.Name])));
                }
            }
        }

        return plans;
    }

    private static string? Fault(SimulatedDeviceSpec spec, ModelShape model)
    {
        try
        {
            SimulatedDevice.CheckFit(spec, model);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static OwnedEngine Create(
        ModelShape shape,
        ServedModel model,
        SimulatedDeviceSpec spec,
        int index,
        double speed,
        string? drill,
        TimeProvider clock,
        EngineOptions options,
        SimulatedText words,
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
        var device = new SimulatedDevice(spec, index, shape, words, place);
        var paced = Devices.Practise(new PacedDevice(device, speed), drill, services);
        var engine = new InferenceEngine(paced, model.Model.Tokenizer, model.Name, sink, device.Power, options, clock, grammars: model.Grammars);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Crescent.Engine");
        var name = device.Info.Name;
        engine.RequestFailed = fault => Devices.LogRequestFailed(logger, fault.Fault, fault.Request, name, fault.Doing);
        return new OwnedEngine(engine, new EngineDriver(engine, failure => Devices.LogFailed(logger, failure, name)), engine, paced);
    }
}
