using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Engine.Simd;

/// <summary>Eight floats: AVX2 and FMA.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly Vector256<float> Value = value;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int Count => 8;

    public static Lanes256 Zero => new(Vector256<float>.Zero);

    [MethodImpl(Inline)]
    public static Lanes256 operator +(Lanes256 left, Lanes256 right) => new(left.Value + right.Value);

    [MethodImpl(Inline)]
    public static Lanes256 operator -(Lanes256 left, Lanes256 right) => new(left.Value - right.Value);

    [MethodImpl(Inline)]
    public static Lanes256 operator *(Lanes256 left, Lanes256 right) => new(left.Value * right.Value);

    [MethodImpl(Inline)]
    public static Lanes256 operator /(Lanes256 left, Lanes256 right) => new(left.Value / right.Value);

    [MethodImpl(Inline)]
    public static Lanes256 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(Inline)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(Inline)]
    public static Lanes256 LoadHalf(ushort* source)
    {
        var bits = Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)) << HalfBits.Shift;
        return new((bits & Vector256.Create(HalfBits.Mask)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes256 LoadBrain(ushort* source) =>
        new((Avx2.ConvertToVector256Int32(Vector128.Load(source)) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 LoadBytes(sbyte* source) =>
        new(Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte())));

    [MethodImpl(Inline)]
    public static void Store(Lanes256 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(Inline)]
    public static void StoreHalf(Lanes256 value, ushort* destination)
    {
        var bits = (value.Value * HalfBits.Inverse).AsInt32();
        var sign = (bits >>> 16) & Vector256.Create(0x8000);
        var magnitude = bits & Vector256.Create(int.MaxValue);
        magnitude += ((magnitude >>> HalfBits.Shift) & Vector256<int>.One) + Vector256.Create(0xFFF);
        var halves = (magnitude >>> HalfBits.Shift) | sign;
        Sse41.PackUnsignedSaturate(halves.GetLower(), halves.GetUpper()).Store(destination);
    }

    [MethodImpl(Inline)]
    public static void StoreBytes(Lanes256 whole, sbyte* destination)
    {
        var words = Words(whole);
        *(long*)destination = Sse2.PackSignedSaturate(words, words).AsInt64().ToScalar();
    }

    [MethodImpl(Inline)]
    public static void StoreWords(Lanes256 whole, short* destination) => Words(whole).Store(destination);

    [MethodImpl(Inline)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Fma.MultiplyAdd(a.Value, b.Value, c.Value));

    [MethodImpl(Inline)]
    public static Lanes256 Max(Lanes256 left, Lanes256 right) => new(Avx.Max(left.Value, right.Value));

    [MethodImpl(Inline)]
    public static Lanes256 Min(Lanes256 left, Lanes256 right) => new(Avx.Min(left.Value, right.Value));

    [MethodImpl(Inline)]
    public static Lanes256 Abs(Lanes256 value) => new(Vector256.Abs(value.Value));

    [MethodImpl(Inline)]
    public static Lanes256 Round(Lanes256 value) => new(Avx.RoundToNearestInteger(value.Value));

    [MethodImpl(Inline)]
    public static Lanes256 PowerOfTwo(Lanes256 whole) =>
        new(((Avx.ConvertToVector256Int32(whole.Value) + Vector256.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 SwapPairs(Lanes256 value) => new(Avx.Permute(value.Value, 0b10_11_00_01));

    [MethodImpl(Inline)]
    public static float Sum(Lanes256 value) => Lanes128.Sum(new(value.Value.GetLower() + value.Value.GetUpper()));

    [MethodImpl(Inline)]
    public static float Maximum(Lanes256 value) => Lanes128.Maximum(new(Sse.Max(value.Value.GetLower(), value.Value.GetUpper())));

    [MethodImpl(Inline)]
    public static Lanes256 operator &(Lanes256 left, Lanes256 right) => new(left.Value & right.Value);

    [MethodImpl(Inline)]
    public static Lanes256 operator |(Lanes256 left, Lanes256 right) => new(left.Value | right.Value);

    [MethodImpl(Inline)]
    public static Lanes256 operator ^(Lanes256 left, Lanes256 right) => new(left.Value ^ right.Value);

    [MethodImpl(Inline)]
    public static Lanes256 CreateBytes(byte value) => new(Vector256.Create(value).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 CreateWords(short value) => new(Vector256.Create(value).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 Broadcast(byte* source) => new(Vector256.Create(*(int*)source).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 Table(byte* source) => new(Vector256.Create(Vector128.Load(source), Vector128.Load(source)).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 LookUp(Lanes256 table, Lanes256 indices) => new(Avx2.Shuffle(table.Value.AsByte(), indices.Value.AsByte()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 ShiftLeftWords(Lanes256 value, int count) => new((value.Value.AsUInt16() << count).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 ShiftRightWords(Lanes256 value, int count) => new((value.Value.AsUInt16() >>> count).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 AddWords(Lanes256 left, Lanes256 right) => new((left.Value.AsInt16() + right.Value.AsInt16()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 AddIntegers(Lanes256 left, Lanes256 right) => new((left.Value.AsInt32() + right.Value.AsInt32()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 MultiplyBytes(Lanes256 unsigned, Lanes256 signed) =>
        new(Avx2.MultiplyAddAdjacent(unsigned.Value.AsByte(), signed.Value.AsSByte()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 MultiplyWords(Lanes256 left, Lanes256 right) =>
        new(Avx2.MultiplyAddAdjacent(left.Value.AsInt16(), right.Value.AsInt16()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 AddByteProducts(Lanes256 sum, Lanes256 unsigned, Lanes256 signed)
    {
        if (AvxVnni.IsSupported)
            return new(AvxVnni.MultiplyWideningAndAdd(sum.Value.AsInt32(), unsigned.Value.AsByte(), signed.Value.AsSByte()).AsSingle());
        var low = Lanes128.AddByteProducts(new(sum.Value.GetLower()), new(unsigned.Value.GetLower()), new(signed.Value.GetLower()));
        var high = Lanes128.AddByteProducts(new(sum.Value.GetUpper()), new(unsigned.Value.GetUpper()), new(signed.Value.GetUpper()));
        return new(Vector256.Create(low.Value, high.Value));
    }

    [MethodImpl(Inline)]
    public static Lanes256 AddSignedProducts(Lanes256 sum, Lanes256 left, Lanes256 right)
    {
        var low = Lanes128.AddSignedProducts(new(sum.Value.GetLower()), new(left.Value.GetLower()), new(right.Value.GetLower()));
        var high = Lanes128.AddSignedProducts(new(sum.Value.GetUpper()), new(left.Value.GetUpper()), new(right.Value.GetUpper()));
        return new(Vector256.Create(low.Value, high.Value));
    }

    [MethodImpl(Inline)]
    public static Lanes256 ToSingle(Lanes256 integers) => new(Avx.ConvertToVector256Single(integers.Value.AsInt32()));

    [MethodImpl(Inline)]
    private static Vector128<short> Words(Lanes256 whole)
    {
        var numbers = Avx.ConvertToVector256Int32(whole.Value);
        return Sse2.PackSignedSaturate(numbers.GetLower(), numbers.GetUpper());
    }
}
