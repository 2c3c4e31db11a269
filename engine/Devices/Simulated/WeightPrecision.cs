namespace Crescent.Engine.Devices.Simulated;

/// <summary>How a simulated model's matrices are stored and multiplied.</summary>
public enum WeightPrecision
{
    /// <summary>2 bytes a weight.</summary>
    BF16,

    /// <summary>1 byte a weight.</summary>
    FP8,

    /// <summary>4 bits a weight and an 8-bit scale for 16 of them.</summary>
    FP4,
}
