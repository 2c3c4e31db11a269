using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu.Weights;

/// <summary>Every kernel of every instruction set against products in double precision, and against the bits of the others.</summary>
public sealed unsafe class WeightMatrixTests
{
    private const int MostTokens = 15;

    // They take every number of tokens that a kernel has at once: with many, unpacked before, 8 + 4 + 2 + 1 and 6 + 4, with few 4 + 2 + 1 and 2.
    private static readonly int[] Counts = [MostTokens, 10, 7, 2];

    public static TheoryData<InstructionSet, GgmlType, ActivationPrecision> Kernels()
    {
        var data = new TheoryData<InstructionSet, GgmlType, ActivationPrecision>();
        foreach (var instructions in InstructionSets.All)
        {
            foreach (var type in Enum.GetValues<GgmlType>())
            {
                foreach (var precision in Enum.GetValues<ActivationPrecision>())
                    data.Add(instructions, type, precision);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_product_is_the_scalar_product_however_many_tokens_it_takes(
        InstructionSet instructions, GgmlType type, ActivationPrecision precision)
    {
        InstructionSets.Require(instructions);
        Check(type, (data, columns, rows) => new WeightLoader(instructions, precision).Load(type, data, columns, rows));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_product_has_the_same_bits_with_every_instruction_set(
        InstructionSet instructions, GgmlType type, ActivationPrecision precision)
    {
        InstructionSets.Require(instructions);
        const int Columns = 512, Rows = 40;
        using var weights = new RandomWeights(type, Columns, Rows, seed: (int)type + 1);
        float[] Products(InstructionSet set)
        {
            using var matrix = new WeightLoader(set, precision).Load(type, weights.Data, Columns, Rows);
            return [.. Counts.SelectMany(tokens => MatrixProduct.Of(matrix, tokens))];
        }

        Assert.Equal(Products(InstructionSet.Vector128), Products(instructions));
    }

    [Theory]
    [InlineData(GgmlType.F32, 37)]
    [InlineData(GgmlType.F16, 50)]
    [InlineData(GgmlType.BF16, 3)]
    [InlineData(GgmlType.Q8_0, 32)]
    [InlineData(GgmlType.Q4_0, 96)]
    [InlineData(GgmlType.Q5_1, 32)]
    public void Columns_that_fill_no_vector_count_too(GgmlType type, int columns) => Check(
        type, (data, columns, rows) => new WeightLoader(InstructionSet.Vector128, default).Load(type, data, columns, rows), columns, rows: 5);

    private static void Check(GgmlType type, Load load, int columns = 512, int rows = 40)
    {
        using var weights = new RandomWeights(type, columns, rows, seed: (int)type + 1);
        using var matrix = load(weights.Data, columns, rows);
        using var activations = MatrixProduct.Activations(matrix, MostTokens);
        using var scratch = NativeBuffer.OfFloats(columns * 17);
        using var output = NativeBuffer.OfFloats(MostTokens * 16);
        using var alone = NativeBuffer.OfFloats(16);

        // Tokens in any order, as experts take them.
        var order = stackalloc int[MostTokens] { 4, 0, 7, 2, 14, 1, 10, 3, 12, 9, 5, 13, 8, 6, 11 };
        var stride = ActivationRows.Stride(matrix.Format, columns);
        for (var i = 0; i < matrix.Panels * Counts.Length; i++)
        {
            var (panel, count) = (i / Counts.Length, Counts[i % Counts.Length]);
            matrix.Multiply(panel, panel + 1, activations.Data(matrix.Format), stride, order, count, output.Floats, scratch.Floats);
            for (var t = 0; t < count; t++)
            {
                matrix.Multiply(panel, panel + 1, activations.Data(matrix.Format), stride, order + t, 1, alone.Floats, scratch.Floats);
                var x = MatrixProduct.Read(matrix.Format, activations.Data(matrix.Format) + (order[t] * stride), columns);
                for (var r = 0; r < Math.Min(16, rows - (panel * 16)); r++)
                {
                    var (expected, size) = Product(weights.Values.AsSpan(((panel * 16) + r) * columns, columns), x);
                    var actual = output.Floats[(t * 16) + r];
                    Assert.True(Math.Abs(actual - expected) <= 4e-6 * size, $"row {(panel * 16) + r}, token {order[t]}: {actual} is not {expected}");
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

    private delegate WeightMatrix Load(byte* data, int columns, int rows);
}
