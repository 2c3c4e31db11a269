using Crescent.Client.Load.Timing;

namespace Crescent.Client.Load.Measures;

/// <summary>
/// The whole answers of a run in the order in which they ended, and whether its figures hold over them. Cut into <see cref="Batches"/> batches of equally many answers, ever longer ones: what one call does to the next is
/// then within a batch. Safe for use by many threads, but for <see cref="Check"/>.
/// </summary>
internal sealed class StableSeries(StableGoal goal)
{
    /// <summary>Batches: more say little more of the spread between them, and leave each shorter (Schmeiser, 1982).</summary>
    public const int Batches = 16;

    /// <summary>Answers that are kept; a run that does not hold over so many ends by its bound.</summary>
    public const int MostCalls = 1 << 20;

    // Looked at after so much more each time, and twice in a row: whoever looks often enough sees chance hold once.
    private const double Growth = 1.1;

    private readonly Lock _gate = new();
    private readonly StableChunk?[] _chunks = new StableChunk?[MostCalls / StableChunk.Calls];
    private int _next = (goal.Figures.Max(static figure => figure.Least) * Batches) + 1;
    private int _count;
    private bool _held;

    /// <summary>What is known now.</summary>
    public StableOutcome Outcome { get; private set; } = new(goal, false, 0, []);

    /// <summary>A whole answer.</summary>
    public void Add(in CallRecord call)
    {
        lock (_gate)
        {
            if (_count == MostCalls)
            {
                return;
            }

            var chunk = _chunks[_count / StableChunk.Calls] ??= new StableChunk(goal.Figures);
            chunk.Set(_count % StableChunk.Calls, call);
            _count++;
        }
    }

    /// <summary>Whether the figures hold: at two looks in a row, the second after a tenth more answers.</summary>
    public bool Check()
    {
        int count;
        lock (_gate)
        {
            count = _count;
        }

        if (count < _next || Outcome.IsStable)
        {
            return Outcome.IsStable;
        }

        var (calls, values) = InOrder(count);
        _next = (int)Math.Ceiling(calls.Length * Growth);

        // The first ones that make no whole batch are left out, and one at the least: where it ended, the first batch begins.
        var size = (calls.Length - 1) / Batches;
        var first = calls.Length - (size * Batches);
        var intervals = goal.Figures.Select((figure, i) => figure.Read is null ? Rate(figure, calls, first, size) : Values(figure, values[i], first, size)).ToList();
        var holds = intervals.TrueForAll(interval => goal.Holds(interval));
        Outcome = new StableOutcome(goal, holds && _held, size * Batches, intervals);
        _held = holds;
        return Outcome.IsStable;
    }

    /// <summary>The first so many in the order of their ends. What has been written is not written again: nobody who adds waits for this.</summary>
    private ((long Ended, int Tokens)[] Calls, float[][] Values) InOrder(int count)
    {
        var ends = new long[count];
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            ends[i] = _chunks[i / StableChunk.Calls]!.Ended[i % StableChunk.Calls];
            order[i] = i;
        }

        // Threads that add one after the other may have had their ends the other way round.
        Array.Sort(ends, order);
        var calls = new (long Ended, int Tokens)[count];
        var values = Array.ConvertAll(_chunks[0]!.Values, list => new float[list.Length > 0 ? count : 0]);
        for (var i = 0; i < count; i++)
        {
            var (chunk, at) = (_chunks[order[i] / StableChunk.Calls]!, order[i] % StableChunk.Calls);
            calls[i] = (ends[i], chunk.Tokens[at]);
            for (var figure = 0; figure < values.Length; figure++)
            {
                if (values[figure].Length > 0)
                {
                    values[figure][i] = chunk.Values[figure][at];
                }
            }
        }

        return (calls, values);
    }

    private BatchInterval Rate(StableFigure figure, (long Ended, int Tokens)[] calls, int first, int size)
    {
        Span<double> batches = stackalloc double[Batches];
        for (var i = 0; i < Batches; i++)
        {
            batches[i] = Of(first + (i * size), size);
        }

        return BatchInterval.Of(Of(first, size * Batches), batches, goal.Confidence);

        double Of(int from, int count)
        {
            var amount = figure.CountsTokens ? 0L : count;
            for (var i = from; figure.CountsTokens && i < from + count; i++)
            {
                amount += calls[i].Tokens;
            }

            var ticks = calls[from + count - 1].Ended - calls[from - 1].Ended;
            return ticks > 0 ? amount / PreciseClock.Seconds(ticks) : double.NaN;
        }
    }

    private BatchInterval Values(StableFigure figure, float[] values, int first, int size)
    {
        Span<double> batches = stackalloc double[Batches];
        for (var i = 0; i < Batches; i++)
        {
            batches[i] = figure.Of(values.AsSpan(first + (i * size), size));
        }

        return BatchInterval.Of(figure.Of(values.AsSpan(first)), batches, goal.Confidence);
    }
}
