using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Tests.Engine.Devices.Cpu.Weights;

public sealed unsafe class ActivationRowsTests
{
    private const int Columns = 96;
    private const ActivationFormat All = ActivationFormat.Bytes | ActivationFormat.WideBytes | ActivationFormat.Words;

    [Theory]
    [InlineData(InstructionSet.Avx512)]
    [InlineData(InstructionSet.Avx2)]
    [InlineData(InstructionSet.Vector128)]
    public void A_block_is_rounded_to_steps_of_its_largest_value_and_carries_their_sums(InstructionSet instructions)
    {
        InstructionSets.Require(instructions);
        using var rows = new ActivationRows(1, Columns, All);
        var values = Write(rows, instructions);
        for (var b = 0; b < Columns / 32; b++)
        {
            var bytes = rows.Data(ActivationFormat.Bytes) + (b * 48);
            var wide = rows.Data(ActivationFormat.WideBytes) + (b * 80);
            var words = rows.Data(ActivationFormat.Words) + (b * 80);
            var block = values[(b * 32)..((b + 1) * 32)];
            Check(block, 127, (float*)(bytes + 32), i => ((sbyte*)bytes)[i]);
            Check(block, 127, (float*)(wide + 64), i => ((short*)wide)[MatrixProduct.Place(i)]);
            Check(block, 32767, (float*)(words + 64), i => ((short*)words)[MatrixProduct.Place(i)]);
        }
    }

    [Theory]
    [InlineData(InstructionSet.Avx512)]
    [InlineData(InstructionSet.Avx2)]
    public void Rows_have_the_same_bits_with_every_instruction_set(InstructionSet instructions)
    {
        InstructionSets.Require(instructions);
        using var expected = new ActivationRows(1, Columns, All);
        using var rows = new ActivationRows(1, Columns, All);
        Write(expected, InstructionSet.Vector128);
        Write(rows, instructions);
        foreach (var format in new[] { ActivationFormat.Bytes, ActivationFormat.WideBytes, ActivationFormat.Words })
        {
            var length = Columns / 32 * ActivationRows.BlockBytes(format);
            Assert.Equal(new ReadOnlySpan<byte>(expected.Data(format), length).ToArray(), new ReadOnlySpan<byte>(rows.Data(format), length).ToArray());
        }
    }

    private static float[] Write(ActivationRows rows, InstructionSet instructions)
    {
        using var values = NativeBuffer.OfFloats(Columns);
        var random = new Random(3);
        for (var i = 0; i < Columns; i++)
            values.Floats[i] = i < 32 ? 0 : (float)(random.NextDouble() - 0.5) * i;
        switch (instructions)
        {
            case InstructionSet.Avx512:
                rows.Write<Lanes512>(All, 0, values.Floats, Columns);
                break;
            case InstructionSet.Avx2:
                rows.Write<Lanes256>(All, 0, values.Floats, Columns);
                break;
            default:
                rows.Write<Lanes128>(All, 0, values.Floats, Columns);
                break;
        }

        return new ReadOnlySpan<float>(values.Floats, Columns).ToArray();
    }

    /// <param name="block">32 values.</param>
    /// <param name="range">What the largest of them becomes.</param>
    /// <param name="scales">Scale, then scale times the sum of all numbers, of the first half and of the last.</param>
    /// <param name="number">Of a value.</param>
    private static void Check(float[] block, int range, float* scales, Func<int, int> number)
    {
        var scale = scales[0];
        Assert.Equal(block.Max(MathF.Abs) / range, scale, scale * 1e-6f);
        for (var i = 0; i < block.Length; i++)
            Assert.InRange(Math.Abs(block[i] - (number(i) * scale)), 0, 0.501 * scale);
        var (first, last) = (Enumerable.Range(0, 16).Sum(number), Enumerable.Range(16, 16).Sum(number));
        Assert.Equal([scale, scale * (first + last), scale * first, scale * last], new ReadOnlySpan<float>(scales, 4).ToArray());
    }
}
