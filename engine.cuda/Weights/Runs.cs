namespace Crescent.Engine.Cuda.Weights;

/// <summary>Neighbours in one or more places that are evenly spaced: heads, rows or columns.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">Runs.</param>
/// <param name="Length">Neighbours of a run.</param>
/// <param name="Stride">From one run to the next.</param>
internal readonly record struct Runs(int First, int Count, int Length, int Stride)
{
    /// <summary>All of them.</summary>
    public int Total => Count * Length;

    /// <summary>From the first to the last, with what lies between runs.</summary>
    public int Span => ((Count - 1) * Stride) + Length;

    /// <summary>Of each run the first.</summary>
    public IEnumerable<int> Firsts
    {
        get
        {
            for (var run = 0; run < Count; run++)
            {
                yield return First + (run * Stride);
            }
        }
    }

    /// <summary>All in one place.</summary>
    public static Runs Of(int first, int count) => new(first, 1, count, count);

    /// <summary>What they have of where each has so many values.</summary>
    public Runs Times(int values) => new(First * values, Count, Length * values, Stride * values);

    /// <summary>The same, so many further on.</summary>
    public Runs From(int offset) => this with { First = First + offset };
}
