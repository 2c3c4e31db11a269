namespace Crescent.Engine.Power;

/// <summary>
/// What the parts of a step's work cost beside each other, in any one unit: how its energy is shared out. A prompt is charged the arithmetic of its
/// tokens and of their attention; a decode the pass over the weights that each of its steps needs, shared with the others of the batch, and what it
/// reads of its context.
/// </summary>
/// <param name="Token">Matrix products of one token.</param>
/// <param name="Pair">Attention of one query to one key while a prompt is computed.</param>
/// <param name="WeightPass">Reading the weights once: what decode waits for.</param>
/// <param name="Position">Reading one position of the context in decode.</param>
public readonly record struct WorkCoefficients(double Token, double Pair, double WeightPass, double Position)
{
    /// <summary>
    /// For a processor: a weight of one byte is read in the time of some 4 multiplications and additions of it, and the attention of 2,000 pairs costs about
    /// what the products of a token do. An order of magnitude, not a measurement.
    /// </summary>
    public static WorkCoefficients Processor { get; } = new(1, 0.0005, 4, 0.0005);

    /// <summary>Work of <paramref name="tokens"/> of a prompt from position <paramref name="start"/> on.</summary>
    public double Prefill(int start, int tokens) => (tokens * Token) + (Pair * (((double)start * tokens) + (0.5 * tokens * (tokens + 1.0))));

    /// <summary>Work of a sequence that decodes <paramref name="tokens"/> (guesses included) at <paramref name="start"/>, one of <paramref name="batch"/>.</summary>
    public double Decode(int start, int tokens, int batch) => (WeightPass / batch) + (tokens * (Token + (Position * (start + 1.0))));
}
