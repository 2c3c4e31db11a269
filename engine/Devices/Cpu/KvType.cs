namespace Crescent.Engine.Devices.Cpu;

/// <summary>How keys and values are kept.</summary>
public enum KvType
{
    /// <summary>Half precision: rounds each to 11 bits.</summary>
    F16,

    /// <summary>Floats: twice the memory, nothing rounded.</summary>
    F32,
}
