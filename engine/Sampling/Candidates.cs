using System.Runtime.CompilerServices;

namespace Crescent.Engine.Sampling;

/// <summary>
/// The tokens of a row that may still be drawn, in the order of their ids. What is cut away is found by counting digits of the values, so that
/// nothing is sorted; all sums are taken in the order of the ids.
/// </summary>
internal sealed unsafe class Candidates
{
    /// <summary>Floats behind the last value, so that whole vectors can be read and written.</summary>
    public const int Padding = 16;

    private const int DigitBits = 11;
    private const int Digits = 1 << DigitBits;

    private readonly float[] _values;
    private readonly float[] _weights;
    private readonly int[] _tokens;
    private readonly int[] _places;
    private readonly double[] _sums = new double[Digits];

    /// <summary>Room for <paramref name="capacity"/> tokens.</summary>
    public Candidates(int capacity)
    {
        // Pages that are never touched take no memory: most rows leave few candidates.
        var padded = capacity + Padding;
        _values = GC.AllocateUninitializedArray<float>(padded, pinned: true);
        _weights = GC.AllocateUninitializedArray<float>(padded, pinned: true);
        _tokens = GC.AllocateUninitializedArray<int>(padded, pinned: true);
        _places = GC.AllocateUninitializedArray<int>(padded, pinned: true);
        Values = (float*)Unsafe.AsPointer(ref _values[0]);
        Weights = (float*)Unsafe.AsPointer(ref _weights[0]);
        Tokens = (int*)Unsafe.AsPointer(ref _tokens[0]);
    }

    /// <summary>How many there are.</summary>
    public int Count { get; set; }

    /// <summary>Their ids, ascending.</summary>
    public int* Tokens { get; }

    /// <summary>Their logits.</summary>
    public float* Values { get; }

    /// <summary>Their weights: 1 for the likeliest token of the row.</summary>
    public float* Weights { get; }

    /// <summary>Keeps the <paramref name="most"/> of the largest values, ties by id.</summary>
    public void KeepLargest(int most)
    {
        if (most < Count)
        {
            Keep(Boundary(null, most));
        }
    }

    /// <summary>Keeps the fewest of the largest values whose weights reach <paramref name="wanted"/>, at least one, ties by id.</summary>
    public void KeepNucleus(double wanted)
    {
        if (Count > 1)
        {
            Keep(Boundary(Weights, wanted));
        }
    }

    /// <summary>Drops those whose weight is below <paramref name="least"/>.</summary>
    public void DropBelow(float least)
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (Weights[i] >= least)
            {
                Move(i, kept++);
            }
        }

        Count = kept;
    }

    /// <summary>The <paramref name="place"/>th largest value, counted from 1.</summary>
    public float Largest(int place)
    {
        var key = Boundary(null, place).Key;
        for (var i = 0; ; i++)
        {
            if (Key(Values[i]) == key)
            {
                return Values[i];
            }
        }
    }

    /// <summary>The token at <paramref name="target"/> in the sum of weights; -1 when rounding has left it beyond them.</summary>
    public int Draw(double target)
    {
        for (var i = 0; i < Count; i++)
        {
            target -= Weights[i];
            if (target < 0)
            {
                return Tokens[i];
            }
        }

        return -1;
    }

    // Smaller for larger values; the same for zeros of either sign.
    private static uint Key(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value + 0f);
        return ~((uint)bits ^ ((uint)(bits >> 31) | 0x80000000));
    }

    /// <summary>
    /// The value at which the measure of the largest values (weights, or their number) reaches <paramref name="wanted"/>, and how many of those
    /// with that value are needed.
    /// </summary>
    private (uint Key, int Ties) Boundary(float* measure, double wanted)
    {
        var have = 0.0;
        var left = Count;
        for (var i = 0; i < left; i++)
        {
            _places[i] = i;
        }

        for (var shift = 32 - DigitBits; ; shift = Math.Max(0, shift - DigitBits))
        {
            Array.Clear(_sums);
            for (var i = 0; i < left; i++)
            {
                var place = _places[i];
                _sums[(Key(Values[place]) >> shift) & (Digits - 1)] += measure is null ? 1 : measure[place];
            }

            // Where rounding leaves the sum short, the last value is the boundary.
            var (digit, reached) = (0u, have);
            for (var d = 0u; d < Digits && reached < wanted; d++)
            {
                if (_sums[d] > 0)
                {
                    (digit, have) = (d, reached);
                    reached += _sums[d];
                }
            }

            var kept = 0;
            for (var i = 0; i < left; i++)
            {
                if (((Key(Values[_places[i]]) >> shift) & (Digits - 1)) == digit)
                {
                    _places[kept++] = _places[i];
                }
            }

            left = kept;
            if (shift == 0)
            {
                return (Key(Values[_places[0]]), Ties(measure, wanted - have, left));
            }
        }
    }

    private int Ties(float* measure, double wanted, int most)
    {
        var ties = 0;
        do
        {
            wanted -= measure is null ? 1 : measure[_places[ties]];
            ties++;
        }
        while (ties < most && wanted > 0);
        return ties;
    }

    private void Keep((uint Key, int Ties) boundary)
    {
        var (kept, ties) = (0, boundary.Ties);
        for (var i = 0; i < Count; i++)
        {
            var key = Key(Values[i]);
            if (key < boundary.Key || (key == boundary.Key && ties-- > 0))
            {
                Move(i, kept++);
            }
        }

        Count = kept;
    }

    private void Move(int from, int to)
    {
        Tokens[to] = Tokens[from];
        Values[to] = Values[from];
        Weights[to] = Weights[from];
    }
}
