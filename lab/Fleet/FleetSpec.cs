using Crescent.Engine.Devices.Simulated;

namespace Crescent.Lab.Fleet;

/// <summary>The simulated factory of a study.</summary>
/// <param name="Devices">GPUs, count and groups.</param>
/// <param name="Model">What they run.</param>
public sealed record FleetSpec(SimulatedDeviceSpec Devices, ModelShape Model)
{
    public const string DefaultDevices = "sim:h100-sxm*16:tp8";
    public const string DefaultModel = "sim:llama-3-70b-fp8";

    /// <summary>GPUs of a node.</summary>
    public const int NodeGpus = 8;

    /// <summary>What a node draws beside its GPUs, W, and for each watt of theirs: P = 1.8 kW + 1.5 sum(P_gpu).</summary>
    public const double NodeWatts = 1800;

    /// <inheritdoc cref="NodeWatts"/>
    public const double NodeFactor = 1.5;

    /// <summary>Nodes, the last perhaps in part.</summary>
    public int Nodes => (Devices.GpuCount + NodeGpus - 1) / NodeGpus;

    /// <summary>All GPUs at their highest cap, W: what budgets are a share of.</summary>
    public double NameplateWatts => Devices.GpuCount * Devices.Gpu.TdpWatts;

    /// <summary>Reads the two specs.</summary>
    /// <exception cref="FormatException">The message names what is wrong and what is known.</exception>
    public static FleetSpec Parse(string devices, string model)
    {
        var spec = SimulatedDeviceSpec.Parse(devices);
        var shape = SimulatedModels.Find(model);
        SimulatedDevice.CheckFit(spec, shape);
        return new FleetSpec(spec, shape);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Devices} {SimulatedDeviceSpec.Prefix}{Model.Name}";
}
