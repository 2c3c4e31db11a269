namespace Crescent.Engine.Power;

/// <summary>Where watts and joules come from, as it is named wherever they are shown.</summary>
public static class PowerSource
{
    /// <summary>A GPU's own sensor, through NVIDIA's management library.</summary>
    public const string Nvml = "nvml";

    /// <summary>The processor's energy counters, through the kernel's power capping framework.</summary>
    public const string Rapl = "rapl";

    /// <summary>No meter: an <see cref="IPowerModel"/>.</summary>
    public const string Model = "model";
}
