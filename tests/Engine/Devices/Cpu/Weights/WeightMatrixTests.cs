using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Devices.Cpu.Weights.Panels;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu.Weights;

/// <summary>Every kernel of every instruction set against products in double precision.</summary>
public sealed unsafe class WeightMatrixTests
{
    private const int Tokens = 11;

    public static TheoryData<InstructionSet, GgmlType> Kernels()
    {
        var data = new TheoryData<InstructionSet, GgmlType>();
        foreach (var instructions in new[] { InstructionSet.Avx512, InstructionSet.Avx2, InstructionSet.Vector128 })
        {
            foreach (var type in Enum.GetValues<GgmlType>())
                data.Add(instructions, type);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_product_is_the_scalar_product_however_many_tokens_it_takes(InstructionSet instructions, GgmlType type)
    {
        InstructionSets.Require(instructions);
        switch (instructions)
        {
            case InstructionSet.Avx512:
                Check<Lanes512>(type, WeightLoader<Lanes512>.Load);
                break;
            case InstructionSet.Avx2:
                Check<Lanes256>(type, WeightLoader<Lanes256>.Load);
                break;
            default:
                Check<Lanes128>(type, WeightLoader<Lanes128>.Load);
                break;
        }
    }

    [Fact]
    public void The_layout_for_byte_dot_instructions_is_right_even_where_the_processor_has_none()
    {
        InstructionSets.Require(InstructionSet.Avx2);
        Check<Lanes256>(
            GgmlType.Q8_0,
            static (_, data, columns, rows) =>
                new PanelMatrix<Lanes256, Q8Quads, VnniDot256<WideningByteDot>, Vector256<byte>, Vector256<int>>(data, columns, rows));
        InstructionSets.Require(InstructionSet.Avx512);
        Check<Lanes512>(
            GgmlType.Q8_0,
            static (_, data, columns, rows) =>
                new PanelMatrix<
                    Lanes512, Q8Quads, VnniDot512<WideningByteDot>, VnniDot512<WideningByteDot>.Weights, VnniDot512<WideningByteDot>.Sum>(
                    data, columns, rows));
    }

    [Theory]
    [InlineData(GgmlType.F32, 37)]
    [InlineData(GgmlType.F16, 50)]
    [InlineData(GgmlType.BF16, 3)]
    [InlineData(GgmlType.Q8_0, 32)]
    [InlineData(GgmlType.Q4_0, 96)]
    [InlineData(GgmlType.Q5_1, 32)]
    public void Columns_that_fill_no_vector_count_too(GgmlType type, int columns)
        => Check<Lanes128>(type, WeightLoader<Lanes128>.Load, columns, rows: 5);

    private static void Check<TLanes>(GgmlType type, Load load, int columns = 512, int rows = 40)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        using var weights = new RandomWeights(type, columns, rows, seed: (int)type + 1);
        using var matrix = load(type, weights.Data, columns, rows);
        using var activations = new ActivationRows(Tokens, columns, matrix.Format);
        using var row = NativeBuffer.OfFloats(columns);
        using var scratch = NativeBuffer.OfFloats(columns * 16);
        using var output = NativeBuffer.OfFloats(Tokens * 16);
        using var alone = NativeBuffer.OfFloats(16);
        var random = new Random(7);
        for (var t = 0; t < Tokens; t++)
        {
            for (var i = 0; i < columns; i++)
                row.Floats[i] = (float)((random.NextDouble() - 0.5) * Math.Pow(10, t - 5));
            activations.Write<TLanes>(matrix.Format, t, row.Floats, columns);
        }

        // Tokens in any order, as experts take them.
        var order = stackalloc int[Tokens] { 4, 0, 7, 2, 1, 10, 3, 9, 5, 8, 6 };
        var stride = ActivationRows.Stride(matrix.Format, columns);
        for (var panel = 0; panel < matrix.Panels; panel++)
        {
            matrix.Multiply(panel, panel + 1, activations.Data(matrix.Format), stride, order, Tokens, output.Floats, scratch.Floats);
            for (var t = 0; t < Tokens; t++)
            {
                matrix.Multiply(panel, panel + 1, activations.Data(matrix.Format), stride, order + t, 1, alone.Floats, scratch.Floats);
                var x = Read(matrix.Format, activations.Data(matrix.Format) + (order[t] * stride), columns);
                for (var r = 0; r < Math.Min(16, rows - (panel * 16)); r++)
                {
                    var (expected, size) = Product(weights.Values.AsSpan(((panel * 16) + r) * columns, columns), x);
                    var actual = output.Floats[(t * 16) + r];
                    Assert.True(Math.Abs(actual - expected) <= 2e-6 * size, $"row {(panel * 16) + r}, token {order[t]}: {actual} is not {expected}");
                    Assert.True(actual.Equals(alone.Floats[r]), $"row {(panel * 16) + r}, token {order[t]}: {actual}, alone {alone.Floats[r]}");
                }
            }
        }
    }

    private static (double Sum, double Size) Product(ReadOnlySpan<float> w, double[] x)
    {
        double sum = 0, size = 0;
        for (var i = 0; i < x.Length; i++)
        {
            sum += w[i] * x[i];
            size += Math.Abs(w[i] * x[i]);
        }

        return (sum, size);
    }

    /// <summary>The values that a row of activations stands for.</summary>
    private static double[] Read(ActivationFormat format, byte* row, int columns)
    {
        var values = new double[columns];
        var bytes = ActivationRows.BlockBytes(format);
        for (var i = 0; i < columns; i++)
        {
            var block = row + (i / 32 * bytes);
            values[i] = format switch
            {
                ActivationFormat.Floats => ((float*)row)[i],
                ActivationFormat.Bytes => ((sbyte*)block)[i % 32] * (*(float*)(block + 32) / (double)HalfBits.Scale),
                _ => ((short*)block)[i % 32] * (*(float*)(block + 64) / (double)HalfBits.Scale),
            };
        }

        return values;
    }

    private delegate WeightMatrix Load(GgmlType type, byte* data, int columns, int rows);

    /// <summary>What AVX-VNNI's instruction does, by others.</summary>
    private readonly struct WideningByteDot : IByteDot
    {
        public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> left, Vector256<sbyte> right)
        {
            var low = Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(left.GetLower()), Avx2.ConvertToVector256Int16(right.GetLower()));
            var high = Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(left.GetUpper()), Avx2.ConvertToVector256Int16(right.GetUpper()));
            var pairs = Avx2.HorizontalAdd(low, high);
            return sum + Avx2.Permute4x64(pairs.AsInt64(), 0b11_01_10_00).AsInt32();
        }
    }
}
