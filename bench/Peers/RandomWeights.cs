using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>Random weights of every type. The bytes of blocks are random but for their scales, which give values the spread that is asked for.</summary>
internal sealed class RandomWeights
{
    private readonly Random _random = new(1234);
    private readonly Dictionary<GgmlType, double> _spreads = [];

    /// <summary>Writes the values of a tensor.</summary>
    public void Write(Stream file, RandomTensor tensor)
    {
        if (tensor.Values is { } values)
        {
            file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
            return;
        }

        var row = new byte[tensor.RowBytes];
        for (var r = 0L; r < tensor.Rows; r++)
        {
            Fill(tensor.Type, row, tensor.Spread);
            file.Write(row);
        }
    }

    private void Fill(GgmlType type, byte[] row, double spread)
    {
        switch (type)
        {
            case GgmlType.F32:
                for (var at = 0; at < row.Length; at += 4)
                    BinaryPrimitives.WriteSingleLittleEndian(row.AsSpan(at), spread == 0 ? 0.8f + (0.4f * _random.NextSingle()) : (float)Normal(spread));
                break;
            case GgmlType.F16:
                for (var at = 0; at < row.Length; at += 2)
                    Half(row, at, Normal(spread));
                break;
            case GgmlType.BF16:
                for (var at = 0; at < row.Length; at += 2)
                    BinaryPrimitives.WriteUInt16LittleEndian(row.AsSpan(at), (ushort)(BitConverter.SingleToUInt32Bits((float)Normal(spread)) >> 16));
                break;
            default:
                Fill(type, row.AsSpan(), spread / SpreadOf(type));
                break;
        }
    }

    private void Fill(GgmlType type, Span<byte> blocks, double scale)
    {
        _random.NextBytes(blocks);
        for (var at = 0; at < blocks.Length; at += GgmlTypes.BlockBytes(type))
            SetScale(type, blocks.Slice(at, GgmlTypes.BlockBytes(type)), scale);
    }

    /// <summary>Standard deviation of random blocks whose scale is 1.</summary>
    private double SpreadOf(GgmlType type)
    {
        if (!_spreads.TryGetValue(type, out var spread))
        {
            const int Blocks = 256;
            var bytes = new byte[Blocks * GgmlTypes.BlockBytes(type)];
            Fill(type, bytes.AsSpan(), 1);
            var values = new float[Blocks * GgmlTypes.BlockLength(type)];
            Dequantizer.Dequantize(type, bytes, values);
            _spreads[type] = spread = Math.Sqrt(values.Average(static value => (double)value * value));
        }

        return spread;
    }

    /// <summary>Sets the scale of a block, and its minimum so that values lie around 0.</summary>
    private static void SetScale(GgmlType type, Span<byte> block, double scale)
    {
        switch (type)
        {
            case GgmlType.Q4_1:
            case GgmlType.Q5_1:
                Half(block, 0, scale);
                Half(block, 2, (type == GgmlType.Q4_1 ? -7.5 : -15.5) * scale);
                break;
            case GgmlType.Q4_K:
            case GgmlType.Q5_K:
                Half(block, 0, scale);
                Half(block, 2, (type == GgmlType.Q4_K ? 7.5 : 15.5) * scale);
                break;
            case GgmlType.Q2_K:
                Half(block, 80, scale);
                Half(block, 82, 1.5 * scale);
                break;
            case GgmlType.Q3_K:
                Half(block, 108, scale);
                break;
            case GgmlType.Q6_K:
                Half(block, 208, scale);
                break;
            case GgmlType.TQ1_0:
                Half(block, 52, scale);
                break;
            case GgmlType.TQ2_0:
                Half(block, 64, scale);
                break;
            case GgmlType.IQ1_M:
                var bits = BitConverter.HalfToUInt16Bits((Half)scale);
                for (var i = 0; i < 4; i++)
                    block[49 + (2 * i)] = (byte)((block[49 + (2 * i)] & 15) | (((bits >> (4 * i)) & 15) << 4));
                break;
            case GgmlType.MXFP4:
                block[0] = (byte)Math.Clamp(127 + Math.Round(Math.Log2(scale)), 1, 254);
                break;
            case GgmlType.NVFP4:
                block[..4].Fill(SmallFloat(scale));
                break;
            default:
                Half(block, 0, scale);
                break;
        }
    }

    /// <summary>The nearest float without sign of four bits of exponent and three of mantissa; never 0.</summary>
    private static byte SmallFloat(double value) => (byte)Enumerable.Range(1, 126).MinBy(
        code => Math.Abs(value - (code < 8 ? Math.ScaleB(code, -9) : Math.ScaleB(8 + (code & 7), (code >> 3) - 10))));

    private double Normal(double spread) =>
        spread * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private static void Half(Span<byte> block, int offset, double value) => BinaryPrimitives.WriteHalfLittleEndian(block[offset..], (Half)value);
}
