namespace Crescent.Engine.Devices.Cpu;

/// <summary>How keys and values are kept.</summary>
public enum KvType
{
    /// <summary>Half precision: rounds each to 11 bits.</summary>
    F16,

    /// <summary>Floats: twice the memory, nothing rounded.</summary>
    F32,

    /// <summary>Eight bits with a scale for each 32 values of a head, as Q8_0 weights: a little over half the memory of F16.</summary>
    Q8_0,
}
