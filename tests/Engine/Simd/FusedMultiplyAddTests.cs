using System.Runtime.Intrinsics;
using Crescent.Engine.Simd;
using CsCheck;

namespace Crescent.Tests.Engine.Simd;

public sealed class FusedMultiplyAddTests
{
    // Any bits: subnormal numbers, infinities and what is no number among them; and numbers near each other, whose sums cancel.
    private static readonly Gen<float> Bits = Gen.UInt.Select(BitConverter.UInt32BitsToSingle);
    private static readonly Gen<float> Near = Gen.Select(Gen.Int[-100_000, 100_000], Gen.Int[-20, 20], static (n, e) => MathF.ScaleB(n, e));
    private static readonly Gen<float> Any = Gen.OneOf(Bits, Near);

    [Fact]
    public void It_is_what_the_instruction_gives() => Gen.Select(Any, Any, Any).Sample(
        static (a, b, c) =>
        {
            var expected = MathF.FusedMultiplyAdd(a, b, c);
            var actual = FusedMultiplyAdd.Of(Vector128.Create(a), Vector128.Create(b), Vector128.Create(c)).ToScalar();
            return float.IsNaN(expected) ? float.IsNaN(actual) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual);
        },
        iter: 300_000);

    // c + 2^-24 - 2^-60 is nearer to c than to the next float. As a double it is the middle between them, from where it would go to the other.
    [Fact]
    public void A_sum_that_two_roundings_get_wrong_is_right()
    {
        var (a, b, c) = (MathF.ScaleB(1 + MathF.ScaleB(1, -18), -24), 1 - MathF.ScaleB(1, -18), 1 + MathF.ScaleB(1, -23));
        Assert.NotEqual(c, (float)((a * (double)b) + c));
        Assert.Equal(c, FusedMultiplyAdd.Of(Vector128.Create(a), Vector128.Create(b), Vector128.Create(c)).ToScalar());
    }
}
