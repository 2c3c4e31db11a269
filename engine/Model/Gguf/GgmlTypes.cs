namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Block sizes of the tensor types: a row is a whole number of blocks, each of <see cref="BlockLength"/> values in
/// <see cref="BlockBytes"/> bytes. Source: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h
/// </summary>
public static class GgmlTypes
{
    /// <summary>Values in a super-block of the K types, of IQ4_XS and of IQ1 to IQ3.</summary>
    internal const int SuperBlock = 256;

    /// <summary>Values in a block of the other quantised types.</summary>
    internal const int SmallBlock = 32;

    /// <summary>Values in one block; 1 for the types that are not quantised.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is none of <see cref="GgmlType"/>.</exception>
    public static int BlockLength(GgmlType type) => Block(type).Length;

    /// <summary>Bytes of one block.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is none of <see cref="GgmlType"/>.</exception>
    public static int BlockBytes(GgmlType type) => Block(type).Bytes;

    /// <summary>Name of a type number, also of those that cannot be read, for messages.</summary>
    internal static string Describe(uint number) => number switch
    {
        _ when Enum.IsDefined((GgmlType)number) => ((GgmlType)number).ToString(),
        9 => "9 (Q8_1)",
        15 => "15 (Q8_K)",
        24 => "24 (I8)",
        25 => "25 (I16)",
        26 => "26 (I32)",
        27 => "27 (I64)",
        28 => "28 (F64)",
        _ => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private static (int Length, int Bytes) Block(GgmlType type) => type switch
    {
        GgmlType.F32 => (1, 4),
        GgmlType.F16 or GgmlType.BF16 => (1, 2),
        GgmlType.Q4_0 or GgmlType.IQ4_NL => (SmallBlock, 18),
        GgmlType.MXFP4 => (SmallBlock, 17),
        GgmlType.NVFP4 => (2 * SmallBlock, 36),
        GgmlType.TQ1_0 => (SuperBlock, 54),
        GgmlType.TQ2_0 => (SuperBlock, 66),
        GgmlType.Q1_0 => (4 * SmallBlock, 18),
        GgmlType.Q2_0 => (2 * SmallBlock, 18),
        GgmlType.Q4_1 => (SmallBlock, 20),
        GgmlType.Q5_0 => (SmallBlock, 22),
        GgmlType.Q5_1 => (SmallBlock, 24),
        GgmlType.Q8_0 => (SmallBlock, 34),
        GgmlType.Q2_K => (SuperBlock, 84),
        GgmlType.Q3_K => (SuperBlock, 110),
        GgmlType.Q4_K => (SuperBlock, 144),
        GgmlType.Q5_K => (SuperBlock, 176),
        GgmlType.Q6_K => (SuperBlock, 210),
        GgmlType.IQ1_S => (SuperBlock, 50),
        GgmlType.IQ1_M => (SuperBlock, 56),
        GgmlType.IQ2_XXS => (SuperBlock, 66),
        GgmlType.IQ2_XS => (SuperBlock, 74),
        GgmlType.IQ2_S => (SuperBlock, 82),
        GgmlType.IQ3_XXS => (SuperBlock, 98),
        GgmlType.IQ3_S => (SuperBlock, 110),
        GgmlType.IQ4_XS => (SuperBlock, 136),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a tensor type that can be read."),
    };
}
