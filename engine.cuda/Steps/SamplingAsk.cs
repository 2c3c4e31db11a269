using System.Runtime.InteropServices;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// What the kernel of <c>sampling.cu</c> is asked of a row: 88 bytes. Masks and lists lie elsewhere, all of a step one after the other; here is where each begins, in
/// ints. A list is its tokens and, behind them, an int for each: the value that it is changed by, where the kernel keeps what was there before.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SamplingAsk
{
    /// <summary>Logits of a row, at most.</summary>
    public const int MostVocabulary = 262_144;

    /// <summary>Largest <see cref="SamplingParameters.TopK"/> that is not all tokens.</summary>
    public const int MostTopK = 512;

    public double Uniform;
    public double MinFloor; // how far below the largest the logits of min_p lie, with a margin
    public int Row;
    public int Top; // likeliest tokens to report; -1 for no logprobs
    public int Redraw;
    public int Forced;
    public int TopK; // 0 for all
    public float TopP;
    public float MinP;
    public float Scale; // 0 for the likeliest
    public float Repetition;
    public float Frequency;
    public float Presence;
    public int Mask; // -1 for none
    public int Ends;
    public int EndCount;
    public int Biases;
    public int BiasCount;
    public int Seen;
    public int SeenCount;

    /// <summary>Ints that the mask and the lists of a row take.</summary>
    public static long ListInts(SamplingBatch batch, SamplingRow row) =>
        (row.Mask.IsEmpty ? 0 : MaskInts(batch)) + (2L * ((row.ForbidsEnd ? batch.EndTokens.Length : 0) + row.BiasTokens.Length + row.SeenTokens.Length));

    /// <summary>Writes down what a row asks for; false where only the host can do it.</summary>
    /// <param name="batch">Which the row belongs to.</param>
    /// <param name="row">The row.</param>
    /// <param name="lists">Of all rows, with room for <see cref="ListInts"/>.</param>
    /// <param name="at">Ints that are taken of them; moved on.</param>
    /// <param name="ask">What the kernel reads.</param>
    public static bool TryWrite(SamplingBatch batch, SamplingRow row, Span<int> lists, ref int at, out SamplingAsk ask)
    {
        var (parameters, vocabulary) = (row.Parameters, batch.VocabularySize);
        var ends = row.ForbidsEnd ? batch.EndTokens : [];
        var takesAll = parameters.TopK <= 0 || parameters.TopK >= vocabulary;
        ask = default;

        // What is wrong is the host's to say; the kernel would write where it must not.
        if (vocabulary > MostVocabulary || (!takesAll && parameters.TopK > MostTopK) || row.Forced >= vocabulary || (!row.Mask.IsEmpty && row.Mask.Length * 2 < MaskInts(batch))
            || IsBeyond(ends, vocabulary) || IsBeyond(row.BiasTokens, vocabulary) || IsBeyond(row.SeenTokens, vocabulary))
        {
            return false;
        }

        const double Margin = 0.01;
        var scale = parameters.Temperature > 0 ? Math.Min(1 / parameters.Temperature, float.MaxValue) : 0;
        ask = new SamplingAsk
        {
            Uniform = row.Uniform,
            MinFloor = parameters.MinP > 0 && scale > 0 ? (NaturalLogarithm.Of(Math.Min(1, (double)parameters.MinP)) - Margin) / scale : 0,
            Row = row.LogitsRow,
            Top = parameters.TopLogprobs is null ? -1 : row.TopTokens.Length,
            Redraw = row.IsRedraw ? 1 : 0,
            Forced = row.Forced,
            TopK = takesAll ? 0 : parameters.TopK,
            TopP = parameters.TopP,
            MinP = parameters.MinP,
            Scale = scale,
            Repetition = parameters.RepetitionPenalty,
            Frequency = parameters.FrequencyPenalty,
            Presence = parameters.PresencePenalty,
            Mask = -1,
        };
        if (row.Forced >= 0)
        {
            return true;
        }

        if (!row.Mask.IsEmpty)
        {
            ask.Mask = at;
            MemoryMarshal.Cast<ulong, int>(row.Mask)[..MaskInts(batch)].CopyTo(lists[at..]);
            at += MaskInts(batch);
        }

        (ask.Ends, ask.EndCount) = (at, ends.Length);
        Write(ends, [], lists, ref at);
        (ask.Biases, ask.BiasCount) = (at, row.BiasTokens.Length);
        Write(row.BiasTokens, MemoryMarshal.Cast<float, int>(row.Biases), lists, ref at);
        (ask.Seen, ask.SeenCount) = (at, row.SeenTokens.Length);
        Write(row.SeenTokens, row.SeenCounts, lists, ref at);
        return true;
    }

    private static int MaskInts(SamplingBatch batch) => (batch.VocabularySize + 31) / 32;

    private static bool IsBeyond(ReadOnlySpan<int> tokens, int vocabulary) => tokens.ContainsAnyExceptInRange(0, vocabulary - 1);

    private static void Write(ReadOnlySpan<int> tokens, ReadOnlySpan<int> values, Span<int> lists, ref int at)
    {
        tokens.CopyTo(lists[at..]);
        values.CopyTo(lists[(at + tokens.Length)..]);
        at += 2 * tokens.Length;
    }
}
