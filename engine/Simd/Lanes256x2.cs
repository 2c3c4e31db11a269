using System.Runtime.CompilerServices;

namespace Crescent.Engine.Simd;

/// <summary>
/// Sixteen floats in a pair of AVX2 registers: what sixteen rows of a panel need at once where a vector has eight, and the way to dot
/// products of bytes (AVX-VNNI) where it has sixteen, since .NET has that instruction for 256 bits only.
/// </summary>
internal readonly unsafe struct Lanes256x2(Lanes256 low, Lanes256 high) : ILanes<Lanes256x2>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly Lanes256 Low = low;

    public readonly Lanes256 High = high;

    public static int Count => 16;

    public static Lanes256x2 Zero => new(Lanes256.Zero, Lanes256.Zero);

    [MethodImpl(Inline)]
    public static Lanes256x2 operator +(Lanes256x2 left, Lanes256x2 right) => new(left.Low + right.Low, left.High + right.High);

    [MethodImpl(Inline)]
    public static Lanes256x2 operator -(Lanes256x2 left, Lanes256x2 right) => new(left.Low - right.Low, left.High - right.High);

    [MethodImpl(Inline)]
    public static Lanes256x2 operator *(Lanes256x2 left, Lanes256x2 right) => new(left.Low * right.Low, left.High * right.High);

    [MethodImpl(Inline)]
    public static Lanes256x2 operator /(Lanes256x2 left, Lanes256x2 right) => new(left.Low / right.Low, left.High / right.High);

    [MethodImpl(Inline)]
    public static Lanes256x2 operator &(Lanes256x2 left, Lanes256x2 right) => new(left.Low & right.Low, left.High & right.High);

    [MethodImpl(Inline)]
    public static Lanes256x2 operator |(Lanes256x2 left, Lanes256x2 right) => new(left.Low | right.Low, left.High | right.High);

    [MethodImpl(Inline)]
    public static Lanes256x2 operator ^(Lanes256x2 left, Lanes256x2 right) => new(left.Low ^ right.Low, left.High ^ right.High);

    [MethodImpl(Inline)]
    public static Lanes256x2 Create(float value)
    {
        var both = Lanes256.Create(value);
        return new(both, both);
    }

    [MethodImpl(Inline)]
    public static Lanes256x2 CreateBytes(byte value)
    {
        var both = Lanes256.CreateBytes(value);
        return new(both, both);
    }

    [MethodImpl(Inline)]
    public static Lanes256x2 CreateWords(short value)
    {
        var both = Lanes256.CreateWords(value);
        return new(both, both);
    }

    [MethodImpl(Inline)]
    public static Lanes256x2 Broadcast(byte* source)
    {
        var both = Lanes256.Broadcast(source);
        return new(both, both);
    }

    [MethodImpl(Inline)]
    public static Lanes256x2 Table(byte* source)
    {
        var both = Lanes256.Table(source);
        return new(both, both);
    }

    [MethodImpl(Inline)]
    public static Lanes256x2 Load(float* source) => new(Lanes256.Load(source), Lanes256.Load(source + 8));

    [MethodImpl(Inline)]
    public static Lanes256x2 LoadHalf(ushort* source) => new(Lanes256.LoadHalf(source), Lanes256.LoadHalf(source + 8));

    [MethodImpl(Inline)]
    public static Lanes256x2 LoadBrain(ushort* source) => new(Lanes256.LoadBrain(source), Lanes256.LoadBrain(source + 8));

    [MethodImpl(Inline)]
    public static Lanes256x2 LoadBytes(sbyte* source) => new(Lanes256.LoadBytes(source), Lanes256.LoadBytes(source + 8));

    [MethodImpl(Inline)]
    public static void Store(Lanes256x2 value, float* destination)
    {
        Lanes256.Store(value.Low, destination);
        Lanes256.Store(value.High, destination + 8);
    }

    [MethodImpl(Inline)]
    public static void StoreHalf(Lanes256x2 value, ushort* destination)
    {
        Lanes256.StoreHalf(value.Low, destination);
        Lanes256.StoreHalf(value.High, destination + 8);
    }

    [MethodImpl(Inline)]
    public static void StoreBytes(Lanes256x2 whole, sbyte* destination)
    {
        Lanes256.StoreBytes(whole.Low, destination);
        Lanes256.StoreBytes(whole.High, destination + 8);
    }

    [MethodImpl(Inline)]
    public static void StoreWords(Lanes256x2 whole, short* destination)
    {
        Lanes256.StoreWords(whole.Low, destination);
        Lanes256.StoreWords(whole.High, destination + 8);
    }

    [MethodImpl(Inline)]
    public static Lanes256x2 MultiplyAdd(Lanes256x2 a, Lanes256x2 b, Lanes256x2 c) => new(Lanes256.MultiplyAdd(a.Low, b.Low, c.Low), Lanes256.MultiplyAdd(a.High, b.High, c.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 Max(Lanes256x2 left, Lanes256x2 right) => new(Lanes256.Max(left.Low, right.Low), Lanes256.Max(left.High, right.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 Min(Lanes256x2 left, Lanes256x2 right) => new(Lanes256.Min(left.Low, right.Low), Lanes256.Min(left.High, right.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 AddWords(Lanes256x2 left, Lanes256x2 right) => new(Lanes256.AddWords(left.Low, right.Low), Lanes256.AddWords(left.High, right.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 AddIntegers(Lanes256x2 left, Lanes256x2 right) => new(Lanes256.AddIntegers(left.Low, right.Low), Lanes256.AddIntegers(left.High, right.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 MultiplyBytes(Lanes256x2 unsigned, Lanes256x2 signed) => new(Lanes256.MultiplyBytes(unsigned.Low, signed.Low), Lanes256.MultiplyBytes(unsigned.High, signed.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 MultiplyWords(Lanes256x2 left, Lanes256x2 right) => new(Lanes256.MultiplyWords(left.Low, right.Low), Lanes256.MultiplyWords(left.High, right.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 LookUp(Lanes256x2 table, Lanes256x2 indices) => new(Lanes256.LookUp(table.Low, indices.Low), Lanes256.LookUp(table.High, indices.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 Abs(Lanes256x2 value) => new(Lanes256.Abs(value.Low), Lanes256.Abs(value.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 Round(Lanes256x2 value) => new(Lanes256.Round(value.Low), Lanes256.Round(value.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 PowerOfTwo(Lanes256x2 whole) => new(Lanes256.PowerOfTwo(whole.Low), Lanes256.PowerOfTwo(whole.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 SwapPairs(Lanes256x2 value) => new(Lanes256.SwapPairs(value.Low), Lanes256.SwapPairs(value.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 ToSingle(Lanes256x2 integers) => new(Lanes256.ToSingle(integers.Low), Lanes256.ToSingle(integers.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 ShiftLeftWords(Lanes256x2 value, int count) => new(Lanes256.ShiftLeftWords(value.Low, count), Lanes256.ShiftLeftWords(value.High, count));

    [MethodImpl(Inline)]
    public static Lanes256x2 ShiftRightWords(Lanes256x2 value, int count) => new(Lanes256.ShiftRightWords(value.Low, count), Lanes256.ShiftRightWords(value.High, count));

    [MethodImpl(Inline)]
    public static Lanes256x2 AddByteProducts(Lanes256x2 sum, Lanes256x2 unsigned, Lanes256x2 signed) =>
        new(Lanes256.AddByteProducts(sum.Low, unsigned.Low, signed.Low), Lanes256.AddByteProducts(sum.High, unsigned.High, signed.High));

    [MethodImpl(Inline)]
    public static Lanes256x2 AddSignedProducts(Lanes256x2 sum, Lanes256x2 left, Lanes256x2 right) =>
        new(Lanes256.AddSignedProducts(sum.Low, left.Low, right.Low), Lanes256.AddSignedProducts(sum.High, left.High, right.High));

    [MethodImpl(Inline)]
    public static float Sum(Lanes256x2 value) => Lanes256.Sum(value.Low + value.High);

    [MethodImpl(Inline)]
    public static float Maximum(Lanes256x2 value) => Lanes256.Maximum(Lanes256.Max(value.Low, value.High));
}
