using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Tests.Engine.Devices.Cpu;

public sealed unsafe class ActivationRowsTests
{
    [Theory]
    [InlineData(InstructionSet.Avx512)]
    [InlineData(InstructionSet.Avx2)]
    [InlineData(InstructionSet.Vector128)]
    public void A_block_is_rounded_to_steps_of_its_largest_value_and_carries_their_sum(InstructionSet instructions)
    {
        InstructionSets.Require(instructions);
        const int Columns = 96;
        const ActivationFormat Both = ActivationFormat.Bytes | ActivationFormat.Words;
        using var rows = new ActivationRows(1, Columns, Both);
        using var values = NativeBuffer.OfFloats(Columns);
        var random = new Random(3);
        for (var i = 0; i < Columns; i++)
            values.Floats[i] = i < 32 ? 0 : (float)(random.NextDouble() - 0.5) * i;
        switch (instructions)
        {
            case InstructionSet.Avx512:
                rows.Write<Lanes512>(Both, 0, values.Floats, Columns);
                break;
            case InstructionSet.Avx2:
                rows.Write<Lanes256>(Both, 0, values.Floats, Columns);
                break;
            default:
                rows.Write<Lanes128>(Both, 0, values.Floats, Columns);
                break;
        }

        for (var b = 0; b < Columns / 32; b++)
        {
            var bytes = rows.Data(ActivationFormat.Bytes) + (b * 40);
            var words = rows.Data(ActivationFormat.Words) + (b * 72);
            var block = new ReadOnlySpan<float>(values.Floats + (b * 32), 32).ToArray();
            var largest = block.Max(MathF.Abs);
            Check(block, largest / 127, *(float*)(bytes + 32), *(int*)(bytes + 36), i => ((sbyte*)bytes)[i]);
            Check(block, largest / 32767, *(float*)(words + 64), *(int*)(words + 68), i => ((short*)words)[i]);
        }
    }

    private static void Check(float[] block, float expectedScale, float storedScale, int storedSum, Func<int, int> number)
    {
        var scale = storedScale / HalfBits.Scale;
        Assert.Equal(expectedScale, scale, expectedScale * 1e-6f);
        for (var i = 0; i < block.Length; i++)
            Assert.InRange(Math.Abs(block[i] - (number(i) * scale)), 0, 0.501 * scale);
        Assert.Equal(Enumerable.Range(0, block.Length).Sum(number), storedSum);
    }
}
