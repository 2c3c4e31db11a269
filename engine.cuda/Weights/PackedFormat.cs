using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>How a matrix's numbers lie in device memory: the formats of <c>packed.cuh</c>.</summary>
internal enum PackedFormat
{
    /// <summary>Halves.</summary>
    F16,

    /// <summary>Eight bits, a scale for 32.</summary>
    Q8,

    /// <summary>Four bits, a scale for 32.</summary>
    Q4,

    /// <summary>Four bits, a scale and an offset for 32.</summary>
    Q4M,

    /// <summary>Five bits, a scale and an offset for 32.</summary>
    Q5M,

    /// <summary>Six bits, a scale for 16.</summary>
    Q6,

    /// <summary>Four bits of a number with an exponent, a scale for 32.</summary>
    Fp4,
}

/// <summary>Sizes of the formats.</summary>
internal static class PackedFormats
{
    /// <summary>Formats.</summary>
    public const int Count = 7;

    /// <summary>Rows of a tile.</summary>
    public const int TileRows = 16;

    /// <summary>Columns of a tile.</summary>
    public const int TileColumns = 64;

    /// <summary>The format of a file's type. Types of which there is no packed form become halves; F32 and BF16 too, which rounds them.</summary>
    public static PackedFormat Of(GgmlType type) => type switch
    {
        GgmlType.Q8_0 => PackedFormat.Q8,
        GgmlType.Q4_0 => PackedFormat.Q4,
        GgmlType.Q4_1 or GgmlType.Q4_K => PackedFormat.Q4M,
        GgmlType.Q5_0 or GgmlType.Q5_1 or GgmlType.Q5_K => PackedFormat.Q5M,
        GgmlType.Q6_K => PackedFormat.Q6,
        GgmlType.MXFP4 => PackedFormat.Fp4,
        _ => PackedFormat.F16,
    };

    /// <summary>Whether the GPU reads rows of the type as they lie in the file; the others are made floats by the host first.</summary>
    public static bool IsReadByGpu(GgmlType type) => type is GgmlType.F32 or GgmlType.F16 or GgmlType.BF16 || Of(type) != PackedFormat.F16;

    /// <summary>Bytes of a tile.</summary>
    public static int ChunkBytes(PackedFormat format) => format switch
    {
        PackedFormat.F16 => 2048,
        PackedFormat.Q8 => 1088,
        PackedFormat.Q4 or PackedFormat.Fp4 => 576,
        PackedFormat.Q4M => 640,
        PackedFormat.Q5M => 768,
        _ => 896,
    };

    /// <summary>Tiles beside each other in a row of so many columns.</summary>
    public static int Steps(int columns) => (columns + TileColumns - 1) / TileColumns;

    /// <summary>Bytes of a matrix.</summary>
    public static long Bytes(PackedFormat format, int rows, int columns) => (long)((rows + TileRows - 1) / TileRows) * Steps(columns) * ChunkBytes(format);
}
