namespace Crescent.Engine.Simd;

/// <summary>
/// Floats in a vector register, or in a pair of them. The kernels are written once over this interface; the type given for it is the
/// instruction set they are compiled for. Operations that say so take the same bits for bytes, 16-bit words or 32-bit integers.
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

    /// <summary>
    /// The lanes added: the upper half to the lower, lane by lane, until two are left. Sixteen lanes in several vectors that are first
    /// added in the same way so have the same bits as in one.
    /// </summary>
    static abstract float Sum(TSelf value);

    static abstract float Maximum(TSelf value);

    static abstract TSelf operator &(TSelf left, TSelf right);

    static abstract TSelf operator |(TSelf left, TSelf right);

    static abstract TSelf operator ^(TSelf left, TSelf right);

    /// <summary>The same byte in every place.</summary>
    static abstract TSelf CreateBytes(byte value);

    /// <summary>The same word in every place.</summary>
    static abstract TSelf CreateWords(short value);

    /// <summary>The four bytes at <paramref name="source"/> in every lane.</summary>
    static abstract TSelf Broadcast(byte* source);

    /// <summary>The sixteen bytes at <paramref name="source"/> over and over: a table for <see cref="LookUp"/>.</summary>
    static abstract TSelf Table(byte* source);

    /// <summary>For each byte of <paramref name="indices"/>, 0 to 15, the byte of the table that it names.</summary>
    static abstract TSelf LookUp(TSelf table, TSelf indices);

    /// <summary>Words shifted to the left.</summary>
    static abstract TSelf ShiftLeftWords(TSelf value, int count);

    /// <summary>Unsigned words shifted to the right.</summary>
    static abstract TSelf ShiftRightWords(TSelf value, int count);

    static abstract TSelf AddWords(TSelf left, TSelf right);

    static abstract TSelf AddIntegers(TSelf left, TSelf right);

    /// <summary>Products of unsigned by signed bytes, added in pairs to words; none of the sums may be beyond a word.</summary>
    static abstract TSelf MultiplyBytes(TSelf unsigned, TSelf signed);

    /// <summary>Products of words, added in pairs to integers.</summary>
    static abstract TSelf MultiplyWords(TSelf left, TSelf right);

    /// <summary>Products of unsigned by signed bytes, four of them added to each integer of <paramref name="sum"/>.</summary>
    static abstract TSelf AddByteProducts(TSelf sum, TSelf unsigned, TSelf signed);

    /// <summary>Products of signed bytes, four of them added to each integer of <paramref name="sum"/>.</summary>
    static abstract TSelf AddSignedProducts(TSelf sum, TSelf left, TSelf right);

    /// <summary>Integers as floats.</summary>
    static abstract TSelf ToSingle(TSelf integers);
}
