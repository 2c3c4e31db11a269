using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Chooses the experts of a token by the router's logits: the lower number first where scores are equal.</summary>
/// <param name="Gating">How logits become scores.</param>
/// <param name="Normalises">Whether weights are divided by their sum.</param>
/// <param name="Scale">What weights are multiplied by in the end.</param>
internal readonly record struct ExpertChoice(ExpertGating Gating, bool Normalises, float Scale)
{
    // As in llama.cpp: scores of sigmoids may all be almost 0.
    private const float LeastSum = 6.103515625e-5f;

    /// <summary>Chooses as many as <paramref name="chosen"/> and <paramref name="weights"/> hold; writes over <paramref name="scores"/>.</summary>
    public void Choose(Span<float> scores, ReadOnlySpan<float> bias, Span<int> chosen, Span<float> weights)
    {
        // The softmax over all experts, renormalised over the chosen, is the softmax over the chosen.
        var late = Gating == ExpertGating.SoftmaxOfChosen || (Gating == ExpertGating.Softmax && Normalises && bias.IsEmpty);
        if (!late)
            Score(scores);
        for (var k = 0; k < chosen.Length; k++)
        {
            var best = -1;
            for (var e = 0; e < scores.Length; e++)
            {
                if (!chosen[..k].Contains(e) && (best < 0 || Biased(scores, bias, e) > Biased(scores, bias, best)))
                    best = e;
            }

            chosen[k] = best;
        }

        var sum = 0f;
        for (var k = 0; k < weights.Length; k++)
            sum += weights[k] = late ? VectorMath<Lanes128>.Exp(scores[chosen[k]] - scores[chosen[0]]) : scores[chosen[k]];
        if (late || Normalises)
        {
            for (var k = 0; k < weights.Length; k++)
                weights[k] /= late ? sum : MathF.Max(sum, LeastSum);
        }

        if (Scale == 1)
            return;
        for (var k = 0; k < weights.Length; k++)
            weights[k] *= Scale;
    }

    private static float Biased(ReadOnlySpan<float> scores, ReadOnlySpan<float> bias, int expert) =>
        bias.IsEmpty ? scores[expert] : scores[expert] + bias[expert];

    private void Score(Span<float> scores)
    {
        if (Gating == ExpertGating.Sigmoid)
        {
            for (var e = 0; e < scores.Length; e++)
                scores[e] = 1 / (1 + VectorMath<Lanes128>.Exp(-scores[e]));
            return;
        }

        var most = float.NegativeInfinity;
        foreach (var score in scores)
            most = MathF.Max(most, score);
        var sum = 0f;
        for (var e = 0; e < scores.Length; e++)
            sum += scores[e] = VectorMath<Lanes128>.Exp(scores[e] - most);
        for (var e = 0; e < scores.Length; e++)
            scores[e] /= sum;
    }
}
