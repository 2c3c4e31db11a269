namespace Crescent.Engine.Simd;

/// <summary>
/// Floats in one vector register. The kernels are written once over this interface; the type given for it is the instruction set
/// they are compiled for.
/// </summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Floats in a vector: 16, 8 or 4.</summary>
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    static abstract TSelf Create(float value);

    static abstract TSelf Load(float* source);

    /// <summary>Loads IEEE half-precision values times 2^-112: see <see cref="HalfBits"/>.</summary>
    static abstract TSelf LoadHalf(ushort* source);

    /// <summary>Loads bfloat16 values.</summary>
    static abstract TSelf LoadBrain(ushort* source);

    /// <summary>Loads signed bytes.</summary>
    static abstract TSelf LoadBytes(sbyte* source);

    static abstract void Store(TSelf value, float* destination);

    /// <summary>Stores as IEEE half precision, rounded to nearest even; the values are at most 65,504 either way.</summary>
    static abstract void StoreHalf(TSelf value, ushort* destination);

    /// <summary>Stores whole numbers of -128 to 127.</summary>
    static abstract void StoreBytes(TSelf whole, sbyte* destination);

    /// <summary>Stores whole numbers of 16 bits.</summary>
    static abstract void StoreWords(TSelf whole, short* destination);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Max(TSelf left, TSelf right);

    static abstract TSelf Min(TSelf left, TSelf right);

    static abstract TSelf Abs(TSelf value);

    /// <summary>Rounds to the nearest whole number, halves to even.</summary>
    static abstract TSelf Round(TSelf value);

    /// <summary>2^n for whole numbers n of -126 to 127.</summary>
    static abstract TSelf PowerOfTwo(TSelf whole);

    /// <summary>Swaps lanes 2i and 2i + 1.</summary>
    static abstract TSelf SwapPairs(TSelf value);

    /// <summary>The lanes added in an order that does not depend on their values.</summary>
    static abstract float Sum(TSelf value);

    static abstract float Maximum(TSelf value);
}
