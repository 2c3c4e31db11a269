namespace Crescent.Engine.Devices.Cpu;

/// <summary>
/// What activations are rounded to before they are multiplied with quantised weights: whole numbers times a scale for each 32 values. Products
/// of whole numbers are exact, so every instruction set gives the same bits. Weights that are floats take activations as they are.
/// </summary>
public enum ActivationPrecision
{
    /// <summary>Numbers of -127 to 127, as llama.cpp has them: the fastest.</summary>
    Int8,

    /// <summary>Numbers of -32,767 to 32,767: an error a hundred times smaller, at half the speed in large products.</summary>
    Int16,
}
