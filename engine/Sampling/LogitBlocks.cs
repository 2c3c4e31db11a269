using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Sampling;

/// <summary>
/// A row of logits in blocks, whose largest values are known, so that most blocks need not be looked at again. The vocabulary may have any size:
/// what does not fill a block is copied and filled up with minus infinity.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal sealed unsafe class LogitBlocks<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Logits in a block.</summary>
    public const int BlockSize = 1024;

    private const int Lanes = LogitKernels<TLanes>.Lanes;

    private readonly int _vocabulary;
    private readonly int _blocks;
    private readonly float[] _tail = GC.AllocateArray<float>(BlockSize, pinned: true);
    private readonly float[] _weights = GC.AllocateArray<float>(BlockSize, pinned: true);
    private readonly float[] _laneMaxima;
    private readonly float[] _maxima;
    private readonly double[] _sums;
    private float* _logits;

    /// <summary>For rows of <paramref name="vocabulary"/> logits.</summary>
    public LogitBlocks(int vocabulary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, 1);
        _vocabulary = vocabulary;
        _blocks = Padded(vocabulary) / BlockSize;
        _laneMaxima = GC.AllocateArray<float>(_blocks * Lanes, pinned: true);
        _maxima = new float[_blocks];
        _sums = new double[_blocks];
    }

    /// <summary>The largest logit.</summary>
    public float Maximum { get; private set; }

    /// <summary>Logits in as many blocks as <paramref name="vocabulary"/> logits take.</summary>
    public static int Padded(int vocabulary) => (vocabulary + BlockSize - 1) / BlockSize * BlockSize;

    /// <summary>Looks at a row: (vocabulary), to stay as it is while this is asked about it.</summary>
    public void Scan(float* logits)
    {
        _logits = logits;
        var rest = _vocabulary % BlockSize;
        if (rest > 0)
        {
            new Span<float>(logits + (_vocabulary - rest), rest).CopyTo(_tail);
            _tail.AsSpan(rest).Fill(float.NegativeInfinity);
        }

        var lanes = Pointer(_laneMaxima);
        for (var b = 0; b < _blocks; b++)
        {
            LogitKernels<TLanes>.LaneMaxima(Block(b), BlockSize, lanes + (b * Lanes));
            _maxima[b] = LogitKernels<TLanes>.Maximum(lanes + (b * Lanes), Lanes);
        }

        Maximum = LogitKernels<TLanes>.Maximum(lanes, _blocks * Lanes);
    }

    /// <summary>The first token with the largest logit; -1 when what is no number hides it.</summary>
    public int Likeliest()
    {
        for (var b = 0; b < _blocks; b++)
        {
            if (_maxima[b] == Maximum && new ReadOnlySpan<float>(Block(b), BlockSize).IndexOf(Maximum) is >= 0 and var at)
            {
                return (b * BlockSize) + at;
            }
        }

        return -1;
    }

    /// <summary>A value that at least <paramref name="count"/> logits reach, mostly not many more; minus infinity where there are too few.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="scratch">Overwritten.</param>
    public float FloorOf(int count, Candidates<TLanes> scratch)
    {
        // Each of the groups has a logit that is its largest: the count largest of these are reached by as many tokens.
        ReadOnlySpan<float> groups = count * 2 <= _blocks ? _maxima : _laneMaxima;
        if (groups.Length < count)
        {
            return float.NegativeInfinity;
        }

        // There may be more groups than tokens.
        if (groups.Length > _vocabulary)
        {
            return float.NegativeInfinity;
        }

        groups.CopyTo(new Span<float>(scratch.Values, groups.Length));
        scratch.Count = groups.Length;
        return scratch.Largest(count);
    }

    /// <summary>Takes the tokens whose logits are at least <paramref name="floor"/>; never those of minus infinity.</summary>
    public void Gather(float floor, Candidates<TLanes> into)
    {
        floor = Math.Max(floor, float.MinValue);
        var count = 0;
        for (var b = 0; b < _blocks; b++)
        {
            if (_maxima[b] >= floor)
            {
                count += LogitKernels<TLanes>.Gather(Block(b), BlockSize, b * BlockSize, floor, into.Tokens + count, into.Values + count);
            }
        }

        into.Count = count;
    }

    /// <summary>
    /// A logit such that the tokens under it weigh about <paramref name="cut"/> together or less: judged by a part of the blocks, so that it may be
    /// wrong.
    /// </summary>
    /// <param name="cut">In the measure of <see cref="SumOfWeights"/>.</param>
    /// <param name="scale">Of the weights.</param>
    /// <param name="scratch">Overwritten.</param>
    public float GuessFloor(double cut, float scale, Candidates<TLanes> scratch)
    {
        // The margin is for what the part does not show; a floor that is too low costs time, one that is too high another look.
        const double Margin = 1.2;
        const int Fewest = 8;
        const int Sparsest = 16;
        var stride = Math.Clamp(_blocks / Fewest, 1, Sparsest);
        var looked = 0;
        for (var b = stride / 2; b < _blocks; b += stride, looked++)
        {
            new Span<float>(Block(b), BlockSize).CopyTo(new Span<float>(scratch.Values + (looked * BlockSize), BlockSize));
        }

        scratch.Count = looked * BlockSize;
        _ = scratch.Weigh(Maximum, scale);

        // Beyond this distance nothing has any weight.
        const float Weightless = 87;
        return scratch.FloorUnder(cut * looked / (_blocks * Margin), Maximum - (Weightless / scale));
    }

    /// <summary>The sum of exp((logit - maximum) * <paramref name="scale"/>).</summary>
    public double SumOfWeights(float scale)
    {
        var total = 0.0;
        for (var b = 0; b < _blocks; b++)
        {
            total += _sums[b] = LogitKernels<TLanes>.SumOfWeights(Block(b), BlockSize, Maximum, scale);
        }

        return total;
    }

    /// <summary>The token at <paramref name="target"/> in the sum that <see cref="SumOfWeights"/> gave for the same scale; -1 when rounding has left it beyond.</summary>
    public int Draw(double target, float scale)
    {
        for (var b = 0; b < _blocks; b++)
        {
            if (target >= _sums[b])
            {
                target -= _sums[b];
                continue;
            }

            LogitKernels<TLanes>.Weigh(Block(b), BlockSize, Maximum, scale, Pointer(_weights));
            var last = -1;
            for (var i = 0; i < BlockSize && target >= 0; i++)
            {
                target -= _weights[i];
                last = _weights[i] > 0 ? i : last;
            }

            return last < 0 ? -1 : (b * BlockSize) + last;
        }

        return -1;
    }

    private static float* Pointer(float[] pinned) => (float*)Unsafe.AsPointer(ref pinned[0]);

    private float* Block(int b) => (b + 1) * BlockSize <= _vocabulary ? _logits + ((long)b * BlockSize) : Pointer(_tail);
}
