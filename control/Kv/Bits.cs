using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Control.Kv;

/// <summary>
/// Sets of small numbers as bits of 64-bit words, of which there is a multiple of 4 in every set; and the members of one such set, in
/// rising order.
/// </summary>
/// <param name="words">The set to go through.</param>
internal readonly ref struct Bits(ReadOnlySpan<ulong> words)
{
    private readonly ReadOnlySpan<ulong> _words = words;

    public static bool Has(ReadOnlySpan<ulong> set, int bit) => (set[bit >> 6] >> (bit & 63) & 1) != 0;

    public static void Set(Span<ulong> set, int bit) => set[bit >> 6] |= 1UL << (bit & 63);

    public static void Clear(Span<ulong> set, int bit) => set[bit >> 6] &= ~(1UL << (bit & 63));

    /// <summary>The smallest member; there must be one.</summary>
    public static int First(ReadOnlySpan<ulong> set)
    {
        var word = set.IndexOfAnyExcept(0UL);
        return (word << 6) + BitOperations.TrailingZeroCount(set[word]);
    }

    public static int Count(ReadOnlySpan<ulong> set)
    {
        var count = 0;
        foreach (var word in set)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>True when every member of <paramref name="part"/> is one of <paramref name="whole"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSubset(ReadOnlySpan<ulong> part, ReadOnlySpan<ulong> whole)
    {
        var missing = Vector256<ulong>.Zero;
        ref var p = ref MemoryMarshal.GetReference(part);
        ref var w = ref MemoryMarshal.GetReference(whole[..part.Length]);
        for (nuint i = 0; i < (uint)part.Length; i += (uint)Vector256<ulong>.Count)
        {
            missing |= Vector256.AndNot(Vector256.LoadUnsafe(ref p, i), Vector256.LoadUnsafe(ref w, i));
        }

        return missing == Vector256<ulong>.Zero;
    }

    /// <summary>Keeps of <paramref name="set"/> what is also in <paramref name="other"/>.</summary>
    /// <returns>True when something is left.</returns>
    public static bool And(Span<ulong> set, ReadOnlySpan<ulong> other)
    {
        var left = Vector256<ulong>.Zero;
        ref var s = ref MemoryMarshal.GetReference(set);
        ref var o = ref MemoryMarshal.GetReference(other[..set.Length]);
        for (nuint i = 0; i < (uint)set.Length; i += (uint)Vector256<ulong>.Count)
        {
            var both = Vector256.LoadUnsafe(ref s, i) & Vector256.LoadUnsafe(ref o, i);
            both.StoreUnsafe(ref s, i);
            left |= both;
        }

        return left != Vector256<ulong>.Zero;
    }

    /// <summary>Takes the members of <paramref name="other"/> from <paramref name="set"/>.</summary>
    public static void AndNot(Span<ulong> set, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < set.Length; i++)
        {
            set[i] &= ~other[i];
        }
    }

    public Enumerator GetEnumerator() => new(_words);

    /// <summary>Goes through the members.</summary>
    public ref struct Enumerator(ReadOnlySpan<ulong> words)
    {
        private readonly ReadOnlySpan<ulong> _words = words;
        private int _at = -1;
        private ulong _left;

        public int Current { get; private set; }

        public bool MoveNext()
        {
            while (_left == 0)
            {
                if (++_at == _words.Length)
                {
                    return false;
                }

                _left = _words[_at];
            }

            Current = (_at << 6) + BitOperations.TrailingZeroCount(_left);
            _left &= _left - 1;
            return true;
        }
    }
}
