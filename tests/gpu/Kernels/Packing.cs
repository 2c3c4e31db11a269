using System.Globalization;
using System.Text.RegularExpressions;
using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>How a tensor type lies on the device: the format of <c>packed.cuh</c>, and the source of its matrix products.</summary>
/// <param name="Type">As the file has it.</param>
/// <param name="Format">Its number on the device.</param>
/// <param name="Name">Of the format, in the names of kernels.</param>
/// <param name="ChunkBytes">Bytes of 16 rows and 64 columns.</param>
internal sealed partial record Packing(GgmlType Type, int Format, string Name, int ChunkBytes)
{
    /// <summary>Rows and columns of a tile.</summary>
    public const int TileRows = 16, TileColumns = 64;

    /// <summary>Every type that the device reads.</summary>
    public static IReadOnlyList<Packing> All { get; } =
    [
        new(GgmlType.F32, 0, "f16", 2048), new(GgmlType.F16, 0, "f16", 2048), new(GgmlType.BF16, 0, "f16", 2048), new(GgmlType.Q8_0, 1, "q8", 1088),
        new(GgmlType.Q4_0, 2, "q4", 576), new(GgmlType.Q4_1, 3, "q4m", 640), new(GgmlType.Q4_K, 3, "q4m", 640), new(GgmlType.Q5_0, 4, "q5m", 768),
        new(GgmlType.Q5_1, 4, "q5m", 768), new(GgmlType.Q5_K, 4, "q5m", 768), new(GgmlType.Q6_K, 5, "q6", 896), new(GgmlType.MXFP4, 6, "fp4", 576),
    ];

    public string File => $"matmul_{Name}.cu";

    /// <summary>The products of the format, as its source says them: rows of x in a block in eights, tile rows of a warp.</summary>
    public IReadOnlyList<(string Kernel, int Eights, int TileRowsOfWarp)> Products =>
    [
        .. Declaration().Matches(KernelCompiler.Source(File)).Select(static m => (
            m.Groups[1].Value, int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), int.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture))),
    ];

    /// <summary>The products of two matrices with a function between them: rows of x in a block in eights.</summary>
    public IReadOnlyList<(string Kernel, int Eights)> Gated =>
        [.. GatedDeclaration().Matches(KernelCompiler.Source(File)).Select(static m => (m.Groups[1].Value, int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)))];

    /// <summary>Tiles in a row of tiles.</summary>
    public static int Steps(int columns) => (columns + TileColumns - 1) / TileColumns;

    /// <summary>Bytes of a matrix.</summary>
    public long Bytes(int rows, int columns) => (long)((rows + TileRows - 1) / TileRows) * Steps(columns) * ChunkBytes;

    /// <summary>Puts the repacking of <paramref name="weights"/> into the stream: of so many columns behind the first <paramref name="skipped"/>, in runs of <paramref name="run"/> that are <paramref name="stride"/> apart; 0 for one run.</summary>
    public GpuMemory Repack(Gpu gpu, byte[] weights, int rows, int columns, int skipped = 0, int run = 0, int stride = 0)
    {
        var packed = gpu.Allocate(Bytes(rows, columns));
        gpu.Fill(packed.Address, 0xff, packed.Bytes);
        using var source = gpu.Upload<byte>(weights);
        var lanes = (long)((rows + TileRows - 1) / TileRows) * Steps(columns) * 32;
        gpu.Launch(
            "repack.cu", "repack", ((lanes + 127) / 128, 1), 128, source, packed, (int)Type, Format, rows, columns, 0, Steps(columns), (long)weights.Length / rows, skipped,
            run == 0 ? columns : run, run == 0 ? columns : stride);
        gpu.Synchronize();
        return packed;
    }

    public override string ToString() => Type.ToString();

    [GeneratedRegex(@"MULTIPLY\((\w+),\s*\w+,\s*(\d+),\s*(\d+),")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"MULTIPLY_GATED\((\w+),\s*\w+,\s*(\d+),")]
    private static partial Regex GatedDeclaration();
}
