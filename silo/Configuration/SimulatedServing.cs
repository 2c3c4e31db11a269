using Crescent.Engine.Devices.Simulated;

namespace Crescent.Silo.Configuration;

/// <summary>The simulated devices of the whole cluster and the model they pretend to run.</summary>
/// <param name="Specs">GPUs, counts and groups.</param>
/// <param name="Model">Shape of the model.</param>
public sealed record SimulatedServing(IReadOnlyList<SimulatedDeviceSpec> Specs, ModelShape Model)
{
    /// <summary>Devices of the whole cluster.</summary>
    public int Count => Specs.Sum(static spec => spec.Count);

    /// <summary>What the model is called wherever it is named: nobody takes its numbers for measured ones.</summary>
    public string ModelName => SimulatedDeviceSpec.Prefix + Model.Name;

    /// <summary>Positions that the largest device can give one sequence.</summary>
    public int MaxPositions => (int)Math.Min(Model.ContextLength, Specs.Max(spec => SimulatedDevice.KvPositions(spec.Gpu, spec.TensorParallel, Model)));

    /// <summary>Reads what <paramref name="options"/> name.</summary>
    /// <exception cref="FormatException">The message names the option, the fault and what is known.</exception>
    public static SimulatedServing Parse(ServingOptions options)
    {
        if (options.DeviceNames.FirstOrDefault(static name => !SimulatedDeviceSpec.IsSimulated(name)) is { } real)
        {
            throw new FormatException(
                $"{Settings.Devices} is '{options.Devices}': {real} is not simulated; a cluster has either simulated devices or others.");
        }

        var specs = Named(Settings.Devices, () => options.DeviceNames.Select(SimulatedDeviceSpec.Parse).ToList());
        if (options.Model is not { } name || !SimulatedDeviceSpec.IsSimulated(name))
        {
            throw new FormatException(
                $"{Settings.Model} is '{options.Model}'; simulated devices run a simulated model: {SimulatedDeviceSpec.Prefix}NAME, where NAME is "
                + $"{string.Join(", ", SimulatedModels.Names)}, with -bf16, -fp8 or -fp4, or a .json file.");
        }

        var model = Named(Settings.Model, () => SimulatedModels.Find(name));
        Named(Settings.Devices, () =>
        {
            specs.ForEach(spec => SimulatedDevice.CheckFit(spec, model));
            return 0;
        });
        return new SimulatedServing(specs, model);
    }

    private static T Named<T>(Setting setting, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw new FormatException($"{setting}: {e.Message}", e);
        }
    }
}
