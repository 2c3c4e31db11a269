using Crescent.Engine.Devices.Simulated;

namespace Crescent.Silo.Configuration;

/// <summary>The simulated devices of the whole cluster and the models that they pretend to run.</summary>
/// <param name="Groups">GPUs, counts and groups, with the model of each as it is named.</param>
/// <param name="Models">Shapes of all models that the cluster knows, by the names that <see cref="ModelPlan.Models"/> has for them.</param>
public sealed record SimulatedServing(IReadOnlyList<(SimulatedDeviceSpec Spec, string Model)> Groups, IReadOnlyDictionary<string, ModelShape> Models)
{
    /// <summary>Devices of the whole cluster.</summary>
    public int Count => Groups.Sum(static group => group.Spec.Count);

    /// <summary>What a model is called wherever it is named: nobody takes its numbers for measured ones.</summary>
    public string NameOf(string model) => SimulatedDeviceSpec.Prefix + Models[model].Name;

    /// <summary>Positions that the largest device with <paramref name="model"/> can give one sequence; the model's context where none has it.</summary>
    public int MaxPositions(string model) => Groups.Where(group => group.Model == model)
        .Select(group => SimulatedDevice.MaxPositions(group.Spec, Models[model], SimulatedDeviceOptions.DefaultBlockSize, group.Spec.MaxStepTokens))
        .DefaultIfEmpty(Models[model].ContextLength).Max();

    /// <summary>Reads what <paramref name="options"/> name.</summary>
    /// <exception cref="FormatException">The message names the option, the fault and what is known.</exception>
    public static SimulatedServing Parse(ServingOptions options)
    {
        var plan = options.Plan;
        if (plan.Devices.Select(static d => d.Device).FirstOrDefault(static name => !SimulatedDeviceSpec.IsSimulated(name)) is { } real)
        {
            throw new FormatException(
                $"{Settings.Devices} is '{options.Devices}': {real} is not simulated; a cluster has either simulated devices or others.");
        }

        var specs = Named(Settings.Devices, () => plan.Devices.Select(static d => SimulatedDeviceSpec.Parse(d.Device)).ToList());
        foreach (var model in plan.Models)
        {
            if (!SimulatedDeviceSpec.IsSimulated(model))
            {
                throw new FormatException(
                    $"{Settings.Model} is '{options.Model}'; simulated devices run a simulated model: {SimulatedDeviceSpec.Prefix}NAME, where NAME is "
                    + $"{string.Join(", ", SimulatedModels.Names)}, with -bf16, -fp8 or -fp4, or a .json file.");
            }
        }

        var models = plan.Models.ToDictionary(static name => name, static name => Named(Settings.Model, () => SimulatedModels.Find(name)), StringComparer.Ordinal);
        var groups = specs.Zip(plan.Devices, static (spec, device) => (spec, device.Model)).ToList();
        Named(Settings.Devices, () =>
        {
            groups.ForEach(group => SimulatedDevice.CheckFit(group.spec, models[group.Model]));
            return 0;
        });
        return new SimulatedServing(groups, models);
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
