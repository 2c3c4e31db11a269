namespace Crescent.Engine.Simd;

/// <summary>
/// Half precision without conversion instructions, which .NET does not have for vectors. The sign, five exponent and ten mantissa
/// bits of a half, moved to where a float has them, are that value times 2^-112: the biases differ by 127 - 15. The factor is
/// made good in whatever the value is multiplied by. It is exact for all finite halves, subnormal ones too.
/// </summary>
internal static class HalfBits
{
    /// <summary>2^112.</summary>
    public const float Scale = 5.192296858534828e33f;

    /// <summary>2^-112.</summary>
    public const float Inverse = 1 / Scale;

    /// <summary>The largest finite half.</summary>
    public const float Largest = 65504;

    /// <summary>Where a sign-extended half shifted left by <see cref="Shift"/> has bits of the float.</summary>
    public const int Mask = unchecked((int)0x8FFFE000);

    /// <summary>Bits by which a float's mantissa is longer.</summary>
    public const int Shift = 13;
}
