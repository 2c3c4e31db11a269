namespace Crescent.Engine.Power.Nvml;

/// <summary>
/// The functions of NVIDIA's management library that are used here, as it has them; power in mW, energy in mJ. Any may answer
/// <see cref="NvmlStatus.NotSupported"/>, or <see cref="NvmlStatus.FunctionNotFound"/> from an older driver.
/// </summary>
internal interface INvml
{
    NvmlStatus DeviceByPciBusId(string busId, out nint device);

    NvmlStatus DeviceByIndex(int index, out nint device);

    /// <summary>Power over the last second on Ampere and later but the A100, where it is the power now.</summary>
    NvmlStatus PowerUsage(nint device, out uint milliwatts);

    /// <summary>Reads each field into its value; the status of the call says nothing about that of the fields.</summary>
    NvmlStatus FieldValues(nint device, Span<NvmlFieldValue> fields);

    /// <summary>Energy since the driver was loaded.</summary>
    NvmlStatus TotalEnergy(nint device, out ulong millijoules);

    NvmlStatus PowerLimit(nint device, out uint milliwatts);

    NvmlStatus PowerLimitConstraints(nint device, out uint least, out uint most);

    /// <summary>For root only.</summary>
    NvmlStatus SetPowerLimit(nint device, uint milliwatts);
}
