using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Crescent.Engine.Sampling;
using Crescent.Grains.Models;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>How a request wants its tokens drawn: OpenAI's fields, and vLLM's names for what those leave out.</summary>
internal static class SamplingFields
{
    /// <summary>OpenAI's default: the model's own distribution.</summary>
    public const float DefaultTemperature = 1;

    private const int MaxStopTokens = 64;

    /// <summary>As OpenAI's.</summary>
    private const int MaxBiases = 300;
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

        // vLLM's way to say «all» is -1.
        TopK = (int)Math.Max(0, body.Integer("top_k", -1, int.MaxValue) ?? 0),
        MinP = (float?)body.Number("min_p", 0, 1) ?? 0,
        FrequencyPenalty = (float?)body.Number("frequency_penalty", -MaxPenalty, MaxPenalty) ?? 0,
        PresencePenalty = (float?)body.Number("presence_penalty", -MaxPenalty, MaxPenalty) ?? 0,
        RepetitionPenalty = (float?)body.Number("repetition_penalty", MinRepetitionPenalty, MaxRepetitionPenalty) ?? 1,
        LogitBias = Bias(body, model.Model.Tokenizer.VocabularySize),
        MinTokens = (int)(body.Integer("min_tokens", 0, int.MaxValue) ?? 0),
        TopLogprobs = TopLogprobs(body),
        Seed = body.Integer("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : FreshSeed(),
    };

    /// <summary>The tokens of <c>stop_token_ids</c>, vLLM's name.</summary>
    /// <exception cref="ApiException">One is no token of the model.</exception>
    public static FrozenSet<int> StopTokens(RequestFields body, ServedModel model)
    {
        var vocabulary = model.Model.Tokenizer.VocabularySize;
        return body.Any("stop_token_ids") switch
        {
            null => FrozenSet<int>.Empty,
            { ValueKind: JsonValueKind.Array } many when many.GetArrayLength() > MaxStopTokens => throw ApiException.InvalidValue(
                "stop_token_ids", $"'stop_token_ids' has {many.GetArrayLength()} tokens; it takes up to {MaxStopTokens}."),
            { ValueKind: JsonValueKind.Array } tokens =>
                tokens.EnumerateArray().Select(token => token.ValueKind == JsonValueKind.Number && token.TryGetInt32(out var id) && id >= 0 && id < vocabulary
                    ? id
                    : throw ApiException.InvalidValue(
                        "stop_token_ids", $"'stop_token_ids' holds {token.GetRawText()}; tokens of this model are 0 to {vocabulary - 1}.")).ToFrozenSet(),
            { } other => throw ApiException.InvalidType("stop_token_ids", $"an array of up to {MaxStopTokens} tokens", RequestFields.Kind(other)),
        };
    }

    // Chat completions say true and how many; text completions say how many at once.
    private static int? TopLogprobs(RequestFields body)
    {
        var top = (int?)body.Integer("top_logprobs", 0, SamplingParameters.MaxTopLogprobs);
        return body.Any("logprobs") switch
        {
            null or { ValueKind: JsonValueKind.False } => top is > 0
                ? throw ApiException.InvalidValue("top_logprobs", "'top_logprobs' goes with 'logprobs': true only.")
                : null,
            { ValueKind: JsonValueKind.True } => top ?? 0,
            _ => (int?)body.Integer("logprobs", 0, SamplingParameters.MaxTopLogprobs),
        };
    }

    private static Dictionary<int, float> Bias(RequestFields body, int vocabulary)
    {
        var bias = new Dictionary<int, float>();
        if (body.Object("logit_bias") is not { } fields)
        {
            return bias;
        }

        if (fields.Names.Count() is > MaxBiases and var count)
        {
            throw ApiException.InvalidValue("logit_bias", $"'logit_bias' has {count} tokens; it takes up to {MaxBiases}.");
        }

        foreach (var (name, value) in fields.Numbers(-MaxBias, MaxBias))
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var token) || token >= vocabulary)
            {
                throw ApiException.InvalidValue("logit_bias", $"'logit_bias' names '{name}'; tokens of this model are 0 to {vocabulary - 1}.");
            }

            bias[token] = (float)(value ?? 0);
        }

        return bias;
    }

    private static ulong FreshSeed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
