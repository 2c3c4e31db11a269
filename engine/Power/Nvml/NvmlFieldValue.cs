using System.Runtime.InteropServices;

namespace Crescent.Engine.Power.Nvml;

/// <summary>A field to read and its value (<c>nvmlFieldValue_t</c>, 40 bytes).</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct NvmlFieldValue
{
    /// <summary>Average power over the last second, mW (<c>NVML_FI_DEV_POWER_AVERAGE</c>).</summary>
    public const uint PowerAverage = 185;

    /// <summary>Power now, mW (<c>NVML_FI_DEV_POWER_INSTANT</c>).</summary>
    public const uint PowerInstant = 186;

    private const int UnsignedInt = 1;
    private const int UnsignedLong = 2;
    private const int UnsignedLongLong = 3;
    private const int SignedLongLong = 4;
    private const int SignedInt = 5;

    [FieldOffset(0)] public uint FieldId;

    /// <summary>For power: 0 is the GPU, 1 the module.</summary>
    [FieldOffset(4)] public uint ScopeId;

    /// <summary>Microseconds since 1970.</summary>
    [FieldOffset(8)] public long Timestamp;

    [FieldOffset(16)] public long LatencyMicroseconds;

    /// <summary>Which member of the union the value is; it differs between drivers.</summary>
    [FieldOffset(24)] public int ValueType;

    /// <summary>The value is undefined unless this is success.</summary>
    [FieldOffset(28)] public NvmlStatus Status;

    [FieldOffset(32)] public double Double;

    [FieldOffset(32)] public uint UInt32;

    [FieldOffset(32)] public ulong UInt64;

    /// <summary>The value as a number; null when there is none.</summary>
    public readonly double? Number => Status != NvmlStatus.Success ? null : ValueType switch
    {
        0 => Double,
        UnsignedInt or SignedInt => UInt32,
        // An unsigned long has 4 bytes on Windows, 8 elsewhere.
        UnsignedLong => OperatingSystem.IsWindows() ? UInt32 : UInt64,
        UnsignedLongLong or SignedLongLong => UInt64,
        _ => null,
    };
}
