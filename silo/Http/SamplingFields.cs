using System.Globalization;
using System.Security.Cryptography;
using Crescent.Engine.Sampling;

namespace Crescent.Silo.Http;

/// <summary>How a request wants its tokens drawn: OpenAI's fields, and vLLM's names for what those leave out.</summary>
internal static class SamplingFields
{
    /// <summary>OpenAI's default: the model's own distribution.</summary>
    public const float DefaultTemperature = 1;

    private const double MaxPenalty = 2;
    private const double MaxBias = 100;

    // Beyond these a repeated token's logit says nothing any more.
    private const double MinRepetitionPenalty = 0.01;
    private const double MaxRepetitionPenalty = 100;

    // A sum of 0 is reached by the likeliest token alone, as by any sum below its probability.
    private const double MinTopP = 1e-6;

    /// <summary>Reads and checks the fields; without a seed the request gets a fresh one.</summary>
    public static SamplingParameters Read(RequestFields body, ServedModel model) => new()
    {
        Temperature = (float?)body.Number("temperature", 0, 2) ?? DefaultTemperature,
        TopP = (float)Math.Max(body.Number("top_p", 0, 1) ?? 1, MinTopP),
        TopK = (int)(body.Integer("top_k", 0, int.MaxValue) ?? 0),
        MinP = (float?)body.Number("min_p", 0, 1) ?? 0,
        FrequencyPenalty = (float?)body.Number("frequency_penalty", -MaxPenalty, MaxPenalty) ?? 0,
        PresencePenalty = (float?)body.Number("presence_penalty", -MaxPenalty, MaxPenalty) ?? 0,
        RepetitionPenalty = (float?)body.Number("repetition_penalty", MinRepetitionPenalty, MaxRepetitionPenalty) ?? 1,
        LogitBias = Bias(body, model.Model.Tokenizer.VocabularySize),
        Seed = body.Integer("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : FreshSeed(),
    };

    private static Dictionary<int, float> Bias(RequestFields body, int vocabulary)
    {
        var bias = new Dictionary<int, float>();
        if (body.Object("logit_bias") is not { } fields)
        {
            return bias;
        }

        foreach (var name in fields.Names)
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var token) || token >= vocabulary)
            {
                throw ApiException.InvalidValue("logit_bias", $"'logit_bias' names '{name}'; tokens of this model are 0 to {vocabulary - 1}.");
            }

            bias[token] = (float)(fields.Number(name, -MaxBias, MaxBias) ?? 0);
        }

        return bias;
    }

    private static ulong FreshSeed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
