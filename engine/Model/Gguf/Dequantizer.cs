using System.Buffers.Binary;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Turns stored tensor values into float32, plainly: the oracle against which every kernel is tested. Block layouts after
/// https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h.
/// </summary>
public static class Dequantizer
{
    /// <summary>
    /// Dequantises whole blocks, such as rows of a tensor.
    /// </summary>
    /// <param name="type">How <paramref name="source"/> is stored.</param>
    /// <param name="source">Exactly the blocks of as many values as <paramref name="destination"/> has.</param>
    /// <param name="destination">A multiple of <see cref="GgmlTypes.BlockLength"/> values.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other or the type's block.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The type is none of <see cref="GgmlType"/>.</exception>
    public static void Dequantize(GgmlType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var (blocks, rest) = Math.DivRem(destination.Length, GgmlTypes.BlockLength(type));
        var blockBytes = GgmlTypes.BlockBytes(type);
        if (rest != 0 || source.Length != (long)blocks * blockBytes)
        {
            throw new ArgumentException(
                $"{source.Length} bytes of {type} are not the {destination.Length} values asked for: a block has "
                + $"{GgmlTypes.BlockLength(type)} values in {blockBytes} bytes.", nameof(source));
        }

        switch (type)
        {
            case GgmlType.F32: FromFloat32(source, destination); break;
            case GgmlType.F16: FromFloat16(source, destination); break;
            case GgmlType.BF16: FromBrainFloat16(source, destination); break;
            case GgmlType.Q4_0: EachBlock(blocks, source, destination, SmallBlocks.Q4_0); break;
            case GgmlType.Q4_1: EachBlock(blocks, source, destination, SmallBlocks.Q4_1); break;
            case GgmlType.Q5_0: EachBlock(blocks, source, destination, SmallBlocks.Q5_0); break;
            case GgmlType.Q5_1: EachBlock(blocks, source, destination, SmallBlocks.Q5_1); break;
            case GgmlType.Q8_0: EachBlock(blocks, source, destination, SmallBlocks.Q8_0); break;
            case GgmlType.Q2_K: EachBlock(blocks, source, destination, SuperBlocks.Q2_K); break;
            case GgmlType.Q3_K: EachBlock(blocks, source, destination, SuperBlocks.Q3_K); break;
            case GgmlType.Q4_K: EachBlock(blocks, source, destination, SuperBlocks.Q4_K); break;
            case GgmlType.Q5_K: EachBlock(blocks, source, destination, SuperBlocks.Q5_K); break;
            case GgmlType.Q6_K: EachBlock(blocks, source, destination, SuperBlocks.Q6_K); break;
            case GgmlType.IQ4_NL: EachBlock(blocks, source, destination, NonLinearBlocks.IQ4_NL); break;
            case GgmlType.IQ4_XS: EachBlock(blocks, source, destination, NonLinearBlocks.IQ4_XS); break;
            case GgmlType.MXFP4: EachBlock(blocks, source, destination, NonLinearBlocks.MXFP4); break;
            case GgmlType.NVFP4: EachBlock(blocks, source, destination, NonLinearBlocks.NVFP4); break;
            case GgmlType.IQ1_S: EachBlock(blocks, source, destination, CodeBookBlocks.IQ1_S); break;
            case GgmlType.IQ1_M: EachBlock(blocks, source, destination, CodeBookBlocks.IQ1_M); break;
            case GgmlType.IQ2_XXS: EachBlock(blocks, source, destination, CodeBookBlocks.IQ2_XXS); break;
            case GgmlType.IQ2_XS: EachBlock(blocks, source, destination, CodeBookBlocks.IQ2_XS); break;
            case GgmlType.IQ2_S: EachBlock(blocks, source, destination, CodeBookBlocks.IQ2_S); break;
            case GgmlType.IQ3_XXS: EachBlock(blocks, source, destination, CodeBookBlocks.IQ3_XXS); break;
            case GgmlType.IQ3_S: EachBlock(blocks, source, destination, CodeBookBlocks.IQ3_S); break;
            case GgmlType.Q1_0: EachBlock(blocks, source, destination, FewBitBlocks.Q1_0); break;
            case GgmlType.Q2_0: EachBlock(blocks, source, destination, FewBitBlocks.Q2_0); break;
            case GgmlType.TQ1_0: EachBlock(blocks, source, destination, FewBitBlocks.TQ1_0); break;
            case GgmlType.TQ2_0: EachBlock(blocks, source, destination, FewBitBlocks.TQ2_0); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "There is no dequantiser for this type.");
        }
    }

    /// <summary>The little-endian half at byte <paramref name="offset"/> of a block.</summary>
    internal static float Float16(ReadOnlySpan<byte> block, int offset)
        => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    private delegate void BlockReader(ReadOnlySpan<byte> block, Span<float> values);

    private static void EachBlock(int blocks, ReadOnlySpan<byte> source, Span<float> destination, BlockReader read)
    {
        if (blocks == 0)
        {
            return;
        }

        var bytes = source.Length / blocks;
        var length = destination.Length / blocks;
        for (var i = 0; i < blocks; i++)
        {
            read(source.Slice(i * bytes, bytes), destination.Slice(i * length, length));
        }
    }

    private static void FromFloat32(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]);
        }
    }

    private static void FromFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = Float16(source, 2 * i);
        }
    }

    // The upper half of a float32.
    private static void FromBrainFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16);
        }
    }
}
