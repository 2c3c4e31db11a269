using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) =>
        new(Vector128.FusedMultiplyAdd(a.Value, b.Value, c.Value));

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
    private static Vector128<ushort> Quarter(ushort* source) => Vector128.CreateScalarUnsafe(*(long*)source).AsUInt16();
}
