using Crescent.Engine.Devices.Simulated;

namespace Crescent.Lab.Fleet;

/// <summary>The simulated factory of a study.</summary>
/// <param name="Devices">GPUs, count and groups; of the first rack where there are several kinds.</param>
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

    /// <summary>Racks of other kinds that follow, which run the same.</summary>
    public IReadOnlyList<SimulatedDeviceSpec> Others { get; init; } = [];

    /// <summary>All kinds, each of which stands in a rack of its own, <c>rack-0</c> and on.</summary>
    public IReadOnlyList<SimulatedDeviceSpec> Racks => [Devices, .. Others];

    /// <summary>Devices in all.</summary>
    public int DeviceCount => Racks.Sum(static rack => rack.Count);

    /// <summary>GPUs in all.</summary>
    public int GpuCount => Racks.Sum(static rack => rack.GpuCount);

    /// <summary>Nodes, the last of each rack perhaps in part.</summary>
    public int Nodes => Racks.Sum(NodesOf);

    /// <summary>All GPUs at their highest cap, W: what budgets are a share of.</summary>
    public double NameplateWatts => Racks.Sum(NameplateOf);

    /// <summary>Of a rack.</summary>
    public static double NameplateOf(SimulatedDeviceSpec rack) => rack.GpuCount * rack.Gpu.TdpWatts;

    /// <summary>Name of a rack.</summary>
    public static string RackName(int rack) => $"rack-{rack}";

    /// <summary>The rack of each device, and the node of the fleet that it stands in.</summary>
    public IReadOnlyList<(int Rack, int Node)> Places
    {
        get
        {
            var places = new List<(int, int)>();
            var first = 0;
            for (var rack = 0; rack < Racks.Count; rack++)
            {
                var kind = Racks[rack];
                for (var i = 0; i < kind.Count; i++)
                {
                    places.Add((rack, first + (i * kind.TensorParallel / NodeGpus)));
                }

                first += NodesOf(kind);
            }

            return places;
        }
    }

    /// <summary>Reads the two specs.</summary>
    /// <exception cref="FormatException">The message names what is wrong and what is known.</exception>
    public static FleetSpec Parse(string devices, string model)
    {
        if (devices.Contains(',', StringComparison.Ordinal))
        {
            throw new FormatException($"'{devices}': this study is of devices of one kind; lab --trace takes several, with commas between them.");
        }

        return ParseMixed(devices, model);
    }

    /// <summary>Reads the two specs, the first of which may name several kinds of devices with commas between them.</summary>
    /// <exception cref="FormatException">The message names what is wrong and what is known.</exception>
    public static FleetSpec ParseMixed(string devices, string model)
    {
        var shape = SimulatedModels.Find(model);
        var racks = devices.Split(',', StringSplitOptions.TrimEntries).Select(SimulatedDeviceSpec.Parse).ToArray();
        foreach (var rack in racks)
        {
            SimulatedDevice.CheckFit(rack, shape);
        }

        return new FleetSpec(racks[0], shape) { Others = racks[1..] };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{string.Join(", ", Racks)} {SimulatedDeviceSpec.Prefix}{Model.Name}";

    private static int NodesOf(SimulatedDeviceSpec rack) => (rack.GpuCount + NodeGpus - 1) / NodeGpus;
}
