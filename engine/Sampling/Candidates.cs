using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Sampling;

/// <summary>
/// The tokens of a row that may still be drawn, in the order of their ids. What is cut away is found by halving the range of their values and by
/// counting digits, so that nothing is sorted; sums are taken in the order of the ids.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal sealed unsafe class Candidates<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Lanes = LogitKernels<TLanes>.Lanes;
    private const int BlockSize = 1024;
    private const int DigitBits = 11;
    private const int Digits = 1 << DigitBits;

    // More candidates are halved in vectors first, this often at most.
    private const int Many = 1024;
    private const int Halvings = 12;

    private readonly float[] _values;
    private readonly float[] _weights;
    private readonly int[] _tokens;
    private readonly int[] _places;
    private readonly double[] _digits = new double[Digits];
    private readonly float[] _sums;

    /// <summary>Room for <paramref name="capacity"/> tokens.</summary>
    public Candidates(int capacity)
    {
        // Whole vectors are read and written. Pages that are never touched take no memory: most rows leave few candidates.
        var padded = capacity + Lanes;
        _values = GC.AllocateUninitializedArray<float>(padded, pinned: true);
        _weights = GC.AllocateUninitializedArray<float>(padded, pinned: true);
        _tokens = GC.AllocateUninitializedArray<int>(padded, pinned: true);
        _places = GC.AllocateUninitializedArray<int>(padded);
        _sums = new float[(padded + BlockSize - 1) / BlockSize];
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

    private int Padded => (Count + Lanes - 1) / Lanes * Lanes;

    /// <summary>weights = exp((value - maximum) * scale). Gives their sum.</summary>
    public double Weigh(float maximum, float scale)
    {
        Pad(Values, float.NegativeInfinity);
        LogitKernels<TLanes>.Weigh(Values, Padded, maximum, scale, Weights);
        return Sum();
    }

    /// <summary>The sum of the weights; <see cref="Draw"/> needs it.</summary>
    public double Sum()
    {
        Pad(Weights, 0);
        var sum = 0.0;
        for (var i = 0; i < Padded; i += BlockSize)
        {
            sum += _sums[i / BlockSize] = LogitKernels<TLanes>.Sum(Weights + i, Math.Min(BlockSize, Padded - i));
        }

        return sum;
    }

    /// <summary>Keeps the <paramref name="most"/> of the largest values, ties by id.</summary>
    public void KeepLargest(int most)
    {
        if (most < Count)
        {
            Keep(byWeight: false, most);
        }
    }

    /// <summary>Keeps the fewest of the largest values whose weights reach <paramref name="wanted"/>, at least one, ties by id.</summary>
    public void KeepNucleus(double wanted)
    {
        if (Count > 1)
        {
            Keep(byWeight: true, wanted);
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
        var (low, high, have) = Narrow(byWeight: false, place);
        return Values[Boundary(byWeight: false, place - have, low, high).Place];
    }

    /// <summary>A value, at least <paramref name="least"/>, under which lie weights of nearly <paramref name="cut"/>; minus infinity when there is none.</summary>
    public float FloorUnder(double cut, float least) => Narrow(byWeight: true, Sum() - cut, least).Low;

    /// <summary>The token at <paramref name="target"/> in the sum of weights; -1 when rounding has left it beyond them.</summary>
    public int Draw(double target)
    {
        for (var first = 0; first < Count; first += BlockSize)
        {
            if (target >= _sums[first / BlockSize])
            {
                target -= _sums[first / BlockSize];
                continue;
            }

            var end = Math.Min(Count, first + BlockSize);
            for (var i = first; i < end; i++)
            {
                target -= Weights[i];
                if (target < 0)
                {
                    return Tokens[i];
                }
            }

            return Tokens[end - 1];
        }

        return -1;
    }

    // Smaller for larger values; the same for zeros of either sign.
    private static uint Key(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value + 0f);
        return ~((uint)bits ^ ((uint)(bits >> 31) | 0x80000000));
    }

    private void Keep(bool byWeight, double wanted)
    {
        var (low, high, have) = Narrow(byWeight, wanted);
        var (place, ties) = Boundary(byWeight, wanted - have, low, high);
        var boundary = Values[place];
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (Values[i] > boundary || (Values[i] == boundary && ties-- > 0))
            {
                Move(i, kept++);
            }
        }

        Count = kept;
    }

    /// <summary>
    /// A range of values, the upper end not in it, in which the measure of the largest (weights, or their number) reaches <paramref name="wanted"/>,
    /// and the measure of those above it.
    /// </summary>
    private (float Low, float High, double Have) Narrow(bool byWeight, double wanted, float least = float.MinValue)
    {
        var (low, high, have) = (float.NegativeInfinity, float.PositiveInfinity, 0.0);
        if (Count <= Many)
        {
            return (low, high, have);
        }

        Pad(Values, float.NegativeInfinity);
        var (bottom, top) = LogitKernels<TLanes>.Range(Values, Count);
        bottom = Math.Max(bottom, least);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (bottom / 2) + (top / 2);
            if (middle <= bottom)
            {
                break;
            }

            var measure = Measure(byWeight, middle);
            if (measure >= wanted)
            {
                low = bottom = middle;
            }
            else
            {
                (high, top, have) = (middle, middle, measure);
            }
        }

        return (low, high, have);
    }

    private double Measure(bool byWeight, float floor)
    {
        if (!byWeight)
        {
            return LogitKernels<TLanes>.CountAtLeast(Values, Padded, floor);
        }

        var sum = 0.0;
        for (var i = 0; i < Padded; i += BlockSize)
        {
            sum += LogitKernels<TLanes>.SumAtLeast(Values + i, Weights + i, Math.Min(BlockSize, Padded - i), floor);
        }

        return sum;
    }

    /// <summary>
    /// One of the candidates with the value at which the measure of the largest from <paramref name="low"/> to below <paramref name="high"/> reaches
    /// <paramref name="wanted"/>, and how many of those with that value are needed.
    /// </summary>
    private (int Place, int Ties) Boundary(bool byWeight, double wanted, float low, float high)
    {
        var left = 0;
        for (var i = 0; i < Count; i++)
        {
            _places[left] = i;
            left += Values[i] >= low && Values[i] < high ? 1 : 0;
        }

        for (var shift = 32 - DigitBits; ; shift = Math.Max(0, shift - DigitBits))
        {
            Array.Clear(_digits);
            for (var i = 0; i < left; i++)
            {
                var place = _places[i];
                _digits[(Key(Values[place]) >> shift) & (Digits - 1)] += byWeight ? Weights[place] : 1;
            }

            // Where rounding leaves the sum short, the last value is the boundary.
            var (digit, have, reached) = (0u, 0.0, 0.0);
            for (var d = 0u; d < Digits && reached < wanted; d++)
            {
                if (_digits[d] > 0)
                {
                    (digit, have) = (d, reached);
                    reached += _digits[d];
                }
            }

            wanted -= have;
            var kept = 0;
            for (var i = 0; i < left; i++)
            {
                var place = _places[i];
                _places[kept] = place;
                kept += ((Key(Values[place]) >> shift) & (Digits - 1)) == digit ? 1 : 0;
            }

            left = kept;
            if (shift == 0)
            {
                return (_places[0], Ties(byWeight, wanted, left));
            }
        }
    }

    private int Ties(bool byWeight, double wanted, int most)
    {
        var ties = 0;
        do
        {
            wanted -= byWeight ? Weights[_places[ties]] : 1;
            ties++;
        }
        while (ties < most && wanted > 0);
        return ties;
    }

    private void Pad(float* values, float with) => new Span<float>(values + Count, Padded - Count).Fill(with);

    private void Move(int from, int to)
    {
        Tokens[to] = Tokens[from];
        Values[to] = Values[from];
        Weights[to] = Weights[from];
    }
}
