using Crescent.Engine.Power.Nvml;

namespace Crescent.Tests.Engine.Power.Nvml;

/// <summary>A driver with one GPU; what is null it does not support.</summary>
internal sealed class FakeNvml : INvml
{
    public const string BusId = "0000:17:00.0";
    private const nint Device = 0x1000;

    public uint? Usage { get; set; }

    public uint? Instant { get; set; }

    public uint? Average { get; set; }

    public ulong? Energy { get; set; }

    public (uint Least, uint Most)? Constraints { get; set; }

    public uint? Limit { get; set; }

    public bool IsRoot { get; set; } = true;

    public List<uint> LimitsSet { get; } = [];

    public NvmlStatus DeviceByPciBusId(string busId, out nint device)
    {
        device = busId == BusId ? Device : 0;
        return device == 0 ? NvmlStatus.NotFound : NvmlStatus.Success;
    }

    public NvmlStatus DeviceByIndex(int index, out nint device)
    {
        device = index == 0 ? Device : 0;
        return device == 0 ? NvmlStatus.NotFound : NvmlStatus.Success;
    }

    public NvmlStatus PowerUsage(nint device, out uint milliwatts) => Give(device, Usage, out milliwatts);

    public NvmlStatus TotalEnergy(nint device, out ulong millijoules) => Give(device, Energy, out millijoules);

    public NvmlStatus PowerLimit(nint device, out uint milliwatts) => Give(device, Limit, out milliwatts);

    public NvmlStatus FieldValues(nint device, Span<NvmlFieldValue> fields)
    {
        Assert.Equal(Device, device);
        foreach (ref var field in fields)
        {
            var value = field.FieldId switch { 185 => Average, 186 => Instant, _ => null };
            field.Status = value is null ? NvmlStatus.NotSupported : NvmlStatus.Success;
            field.ValueType = 1;

            // What the union holds beyond a value of 4 bytes is not defined.
            field.UInt64 = 0xDEADBEEF_00000000 | (value ?? 0xDEADBEEF);
        }

        return NvmlStatus.Success;
    }

    public NvmlStatus PowerLimitConstraints(nint device, out uint least, out uint most)
    {
        (least, most) = Constraints ?? default;
        return Constraints is null ? NvmlStatus.NotSupported : NvmlStatus.Success;
    }

    public NvmlStatus SetPowerLimit(nint device, uint milliwatts)
    {
        if (!IsRoot)
        {
            return NvmlStatus.NoPermission;
        }

        LimitsSet.Add(milliwatts);
        Limit = milliwatts;
        return NvmlStatus.Success;
    }

    private static NvmlStatus Give<T>(nint device, T? value, out T given)
        where T : struct
    {
        Assert.Equal(Device, device);
        given = value ?? default;
        return value is null ? NvmlStatus.NotSupported : NvmlStatus.Success;
    }
}
