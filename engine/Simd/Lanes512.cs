using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Engine.Simd;

/// <summary>Sixteen floats: AVX-512 F and BW.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly Vector512<float> Value = value;

    public static bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported;

    public static int Count => 16;

    public static Lanes512 Zero => new(Vector512<float>.Zero);

    [MethodImpl(Inline)]
    public static Lanes512 operator +(Lanes512 left, Lanes512 right) => new(left.Value + right.Value);

    [MethodImpl(Inline)]
    public static Lanes512 operator -(Lanes512 left, Lanes512 right) => new(left.Value - right.Value);

    [MethodImpl(Inline)]
    public static Lanes512 operator *(Lanes512 left, Lanes512 right) => new(left.Value * right.Value);

    [MethodImpl(Inline)]
    public static Lanes512 operator /(Lanes512 left, Lanes512 right) => new(left.Value / right.Value);

    [MethodImpl(Inline)]
    public static Lanes512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(Inline)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(Inline)]
    public static Lanes512 LoadHalf(ushort* source)
    {
        var bits = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << HalfBits.Shift;
        return new((bits & Vector512.Create(HalfBits.Mask)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes512 LoadBrain(ushort* source) =>
        new((Avx512F.ConvertToVector512Int32(Vector256.Load(source)) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 LoadBytes(sbyte* source) =>
        new(Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));

    [MethodImpl(Inline)]
    public static void Store(Lanes512 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(Inline)]
    public static void StoreHalf(Lanes512 value, ushort* destination)
    {
        var bits = (value.Value * HalfBits.Inverse).AsInt32();
        var sign = (bits >>> 16) & Vector512.Create(0x8000);
        var magnitude = bits & Vector512.Create(int.MaxValue);
        magnitude += ((magnitude >>> HalfBits.Shift) & Vector512<int>.One) + Vector512.Create(0xFFF);
        Avx512F.ConvertToVector256Int16((magnitude >>> HalfBits.Shift) | sign).Store((short*)destination);
    }

    [MethodImpl(Inline)]
    public static void StoreBytes(Lanes512 whole, sbyte* destination) =>
        Avx512F.ConvertToVector128SByte(Avx512F.ConvertToVector512Int32(whole.Value)).Store(destination);

    [MethodImpl(Inline)]
    public static void StoreWords(Lanes512 whole, short* destination) =>
        Avx512F.ConvertToVector256Int16(Avx512F.ConvertToVector512Int32(whole.Value)).Store(destination);

    [MethodImpl(Inline)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Avx512F.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    [MethodImpl(Inline)]
    public static Lanes512 Max(Lanes512 left, Lanes512 right) => new(Avx512F.Max(left.Value, right.Value));

    [MethodImpl(Inline)]
    public static Lanes512 Min(Lanes512 left, Lanes512 right) => new(Avx512F.Min(left.Value, right.Value));

    [MethodImpl(Inline)]
    public static Lanes512 Abs(Lanes512 value) => new(Vector512.Abs(value.Value));

    [MethodImpl(Inline)]
    public static Lanes512 Round(Lanes512 value) => new(Avx512F.RoundScale(value.Value, 0));

    [MethodImpl(Inline)]
    public static Lanes512 PowerOfTwo(Lanes512 whole) =>
        new(((Avx512F.ConvertToVector512Int32(whole.Value) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 SwapPairs(Lanes512 value) => new(Avx512F.Permute4x32(value.Value, 0b10_11_00_01));

    [MethodImpl(Inline)]
    public static float Sum(Lanes512 value) => Lanes256.Sum(new(value.Value.GetLower() + value.Value.GetUpper()));

    [MethodImpl(Inline)]
    public static float Maximum(Lanes512 value) => Lanes256.Maximum(new(Avx.Max(value.Value.GetLower(), value.Value.GetUpper())));

    [MethodImpl(Inline)]
    public static Lanes512 operator &(Lanes512 left, Lanes512 right) => new(left.Value & right.Value);

    [MethodImpl(Inline)]
    public static Lanes512 operator |(Lanes512 left, Lanes512 right) => new(left.Value | right.Value);

    [MethodImpl(Inline)]
    public static Lanes512 operator ^(Lanes512 left, Lanes512 right) => new(left.Value ^ right.Value);

    [MethodImpl(Inline)]
    public static Lanes512 CreateBytes(byte value) => new(Vector512.Create(value).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 CreateWords(short value) => new(Vector512.Create(value).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 Broadcast(byte* source) => new(Vector512.Create(*(int*)source).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 Table(byte* source) => new(Vector512.Create(Vector256.Create(Vector128.Load(source), Vector128.Load(source)), Vector256.Create(Vector128.Load(source), Vector128.Load(source))).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 LookUp(Lanes512 table, Lanes512 indices) => new(Avx512BW.Shuffle(table.Value.AsByte(), indices.Value.AsByte()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 ShiftLeftWords(Lanes512 value, int count) => new((value.Value.AsUInt16() << count).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 ShiftRightWords(Lanes512 value, int count) => new((value.Value.AsUInt16() >>> count).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 AddWords(Lanes512 left, Lanes512 right) => new((left.Value.AsInt16() + right.Value.AsInt16()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 AddIntegers(Lanes512 left, Lanes512 right) => new((left.Value.AsInt32() + right.Value.AsInt32()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 MultiplyBytes(Lanes512 unsigned, Lanes512 signed) =>
        new(Avx512BW.MultiplyAddAdjacent(unsigned.Value.AsByte(), signed.Value.AsSByte()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 MultiplyWords(Lanes512 left, Lanes512 right) =>
        new(Avx512BW.MultiplyAddAdjacent(left.Value.AsInt16(), right.Value.AsInt16()).AsSingle());

    // .NET has no dot products of bytes in 512 bits: see Lanes256x2.
    [MethodImpl(Inline)]
    public static Lanes512 AddByteProducts(Lanes512 sum, Lanes512 unsigned, Lanes512 signed)
    {
        var low = Lanes256.AddByteProducts(new(sum.Value.GetLower()), new(unsigned.Value.GetLower()), new(signed.Value.GetLower()));
        var high = Lanes256.AddByteProducts(new(sum.Value.GetUpper()), new(unsigned.Value.GetUpper()), new(signed.Value.GetUpper()));
        return new(Vector512.Create(low.Value, high.Value));
    }

    [MethodImpl(Inline)]
    public static Lanes512 AddSignedProducts(Lanes512 sum, Lanes512 left, Lanes512 right)
    {
        var low = Lanes256.AddSignedProducts(new(sum.Value.GetLower()), new(left.Value.GetLower()), new(right.Value.GetLower()));
        var high = Lanes256.AddSignedProducts(new(sum.Value.GetUpper()), new(left.Value.GetUpper()), new(right.Value.GetUpper()));
        return new(Vector512.Create(low.Value, high.Value));
    }

    [MethodImpl(Inline)]
    public static Lanes512 ToSingle(Lanes512 integers) => new(Avx512F.ConvertToVector512Single(integers.Value.AsInt32()));
}
