using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Crescent.Engine.Simd;

/// <summary>Four floats, by operations that .NET has on every processor.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly Vector128<float> Value = value;

    public static int Count => 4;

    public static Lanes128 Zero => new(Vector128<float>.Zero);

    [MethodImpl(Inline)]
    public static Lanes128 operator +(Lanes128 left, Lanes128 right) => new(left.Value + right.Value);

    [MethodImpl(Inline)]
    public static Lanes128 operator -(Lanes128 left, Lanes128 right) => new(left.Value - right.Value);

    [MethodImpl(Inline)]
    public static Lanes128 operator *(Lanes128 left, Lanes128 right) => new(left.Value * right.Value);

    [MethodImpl(Inline)]
    public static Lanes128 operator /(Lanes128 left, Lanes128 right) => new(left.Value / right.Value);

    [MethodImpl(Inline)]
    public static Lanes128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(Inline)]
    public static Lanes128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(Inline)]
    public static Lanes128 LoadHalf(ushort* source)
    {
        var bits = Vector128.WidenLower(Quarter(source).AsInt16()) << HalfBits.Shift;
        return new((bits & Vector128.Create(HalfBits.Mask)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes128 LoadBrain(ushort* source) => new((Vector128.WidenLower(Quarter(source)) << 16).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 LoadBytes(sbyte* source)
    {
        var words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte());
        return new(Vector128.ConvertToSingle(Vector128.WidenLower(words)));
    }

    [MethodImpl(Inline)]
    public static void Store(Lanes128 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(Inline)]
    public static void StoreHalf(Lanes128 value, ushort* destination)
    {
        var bits = (value.Value * HalfBits.Inverse).AsInt32();
        var sign = (bits >>> 16) & Vector128.Create(0x8000);
        var magnitude = bits & Vector128.Create(int.MaxValue);
        magnitude += ((magnitude >>> HalfBits.Shift) & Vector128<int>.One) + Vector128.Create(0xFFF);
        var halves = (magnitude >>> HalfBits.Shift) | sign;
        *(long*)destination = Vector128.Narrow(halves, halves).AsInt64().ToScalar();
    }

    [MethodImpl(Inline)]
    public static void StoreBytes(Lanes128 whole, sbyte* destination)
    {
        var numbers = Vector128.ConvertToInt32(whole.Value);
        var words = Vector128.Narrow(numbers, numbers);
        *(int*)destination = Vector128.Narrow(words, words).AsInt32().ToScalar();
    }

    [MethodImpl(Inline)]
    public static void StoreWords(Lanes128 whole, short* destination)
    {
        var numbers = Vector128.ConvertToInt32(whole.Value);
        *(long*)destination = Vector128.Narrow(numbers, numbers).AsInt64().ToScalar();
    }

    [MethodImpl(Inline)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(
        Fma.IsSupported || AdvSimd.IsSupported
            ? Vector128.FusedMultiplyAdd(a.Value, b.Value, c.Value)
            : FusedMultiplyAdd.Of(a.Value, b.Value, c.Value));

    [MethodImpl(Inline)]
    public static Lanes128 Max(Lanes128 left, Lanes128 right) => new(Vector128.MaxNative(left.Value, right.Value));

    [MethodImpl(Inline)]
    public static Lanes128 Min(Lanes128 left, Lanes128 right) => new(Vector128.MinNative(left.Value, right.Value));

    [MethodImpl(Inline)]
    public static Lanes128 Abs(Lanes128 value) => new(Vector128.Abs(value.Value));

    [MethodImpl(Inline)]
    public static Lanes128 Round(Lanes128 value) => new(Vector128.Round(value.Value));

    [MethodImpl(Inline)]
    public static Lanes128 PowerOfTwo(Lanes128 whole) =>
        new(((Vector128.ConvertToInt32(whole.Value) + Vector128.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 SwapPairs(Lanes128 value) => new(Vector128.Shuffle(value.Value, Vector128.Create(1, 0, 3, 2)));

    [MethodImpl(Inline)]
    public static float Sum(Lanes128 value)
    {
        var pairs = value.Value + Vector128.Shuffle(value.Value, Vector128.Create(2, 3, 0, 1));
        return pairs.ToScalar() + pairs.GetElement(1);
    }

    [MethodImpl(Inline)]
    public static float Maximum(Lanes128 value)
    {
        var pairs = Vector128.MaxNative(value.Value, Vector128.Shuffle(value.Value, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(pairs.ToScalar(), pairs.GetElement(1));
    }

    [MethodImpl(Inline)]
    public static Lanes128 operator &(Lanes128 left, Lanes128 right) => new(left.Value & right.Value);

    [MethodImpl(Inline)]
    public static Lanes128 operator |(Lanes128 left, Lanes128 right) => new(left.Value | right.Value);

    [MethodImpl(Inline)]
    public static Lanes128 operator ^(Lanes128 left, Lanes128 right) => new(left.Value ^ right.Value);

    [MethodImpl(Inline)]
    public static Lanes128 CreateBytes(byte value) => new(Vector128.Create(value).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 CreateWords(short value) => new(Vector128.Create(value).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 Broadcast(byte* source) => new(Vector128.Create(*(int*)source).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 Table(byte* source) => new(Vector128.Load(source).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 LookUp(Lanes128 table, Lanes128 indices) => new(Vector128.ShuffleNative(table.Value.AsByte(), indices.Value.AsByte()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 ShiftLeftWords(Lanes128 value, int count) => new((value.Value.AsUInt16() << count).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 ShiftRightWords(Lanes128 value, int count) => new((value.Value.AsUInt16() >>> count).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 AddWords(Lanes128 left, Lanes128 right) => new((left.Value.AsInt16() + right.Value.AsInt16()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 AddIntegers(Lanes128 left, Lanes128 right) => new((left.Value.AsInt32() + right.Value.AsInt32()).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 MultiplyBytes(Lanes128 unsigned, Lanes128 signed)
    {
        if (Ssse3.IsSupported)
            return new(Ssse3.MultiplyAddAdjacent(unsigned.Value.AsByte(), signed.Value.AsSByte()).AsSingle());
        var (low, high) = Products(unsigned, signed);
        return new(Vector128.Narrow(AddPairs(low), AddPairs(high)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes128 MultiplyWords(Lanes128 left, Lanes128 right)
    {
        if (Sse2.IsSupported)
            return new(Sse2.MultiplyAddAdjacent(left.Value.AsInt16(), right.Value.AsInt16()).AsSingle());
        Vector128<int> a = left.Value.AsInt32(), b = right.Value.AsInt32();
        return new((((a << 16 >> 16) * (b << 16 >> 16)) + ((a >> 16) * (b >> 16))).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes128 AddByteProducts(Lanes128 sum, Lanes128 unsigned, Lanes128 signed)
    {
        if (AvxVnni.IsSupported)
            return new(AvxVnni.MultiplyWideningAndAdd(sum.Value.AsInt32(), unsigned.Value.AsByte(), signed.Value.AsSByte()).AsSingle());
        var (low, high) = Products(unsigned, signed);
        return AddFours(sum, low, high);
    }

    [MethodImpl(Inline)]
    public static Lanes128 AddSignedProducts(Lanes128 sum, Lanes128 left, Lanes128 right)
    {
        if (Dp.IsSupported)
            return new(Dp.DotProduct(sum.Value.AsInt32(), left.Value.AsSByte(), right.Value.AsSByte()).AsSingle());
        var (a, b) = Vector128.Widen(left.Value.AsSByte());
        var (c, d) = Vector128.Widen(right.Value.AsSByte());
        return AddFours(sum, a * c, b * d);
    }

    [MethodImpl(Inline)]
    public static Lanes128 ToSingle(Lanes128 integers) => new(Vector128.ConvertToSingle(integers.Value.AsInt32()));

    [MethodImpl(Inline)]
    private static Vector128<ushort> Quarter(ushort* source) => Vector128.CreateScalarUnsafe(*(long*)source).AsUInt16();

    // A product of an unsigned and a signed byte, or of two signed ones, fits a word.
    [MethodImpl(Inline)]
    private static (Vector128<short> Low, Vector128<short> High) Products(Lanes128 unsigned, Lanes128 signed)
    {
        var (a, b) = Vector128.Widen(unsigned.Value.AsByte());
        var (c, d) = Vector128.Widen(signed.Value.AsSByte());
        return (a.AsInt16() * c, b.AsInt16() * d);
    }

    [MethodImpl(Inline)]
    private static Vector128<int> AddPairs(Vector128<short> words) => (words.AsInt32() << 16 >> 16) + (words.AsInt32() >> 16);

    [MethodImpl(Inline)]
    private static Lanes128 AddFours(Lanes128 sum, Vector128<short> low, Vector128<short> high)
    {
        Vector128<int> a = AddPairs(low), b = AddPairs(high);
        var even = Vector128.Create(a.GetElement(0), a.GetElement(2), b.GetElement(0), b.GetElement(2));
        var odd = Vector128.Create(a.GetElement(1), a.GetElement(3), b.GetElement(1), b.GetElement(3));
        return new((sum.Value.AsInt32() + even + odd).AsSingle());
    }
}
