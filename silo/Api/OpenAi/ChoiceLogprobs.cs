using System.Text;
using System.Text.Json;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The tokens of a choice, or of a piece of it, with the model's own logprobs (natural logarithm).</summary>
/// <param name="Tokens">Token ids.</param>
/// <param name="Logprobs">One for each, null for the first token of a prompt; empty when the request did not ask for them.</param>
/// <param name="Offsets">Where in the choice's text the first of them begins.</param>
internal readonly record struct ChoiceLogprobs(IReadOnlyList<int> Tokens, IReadOnlyList<TokenLogprobs?> Logprobs, TextOffsets Offsets)
{
    private bool IsAsked => Logprobs.Count > 0 && Logprobs.Count == Tokens.Count;

    /// <summary>Writes <c>logprobs</c> as /v1/chat/completions has it: an object a token.</summary>
    public void WriteChat(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        if (!IsAsked)
        {
            json.WriteNull("logprobs"u8);
            return;
        }

        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("content"u8);
        for (var i = 0; i < Tokens.Count; i++)
        {
            json.WriteStartObject();
            WriteToken(json, tokenizer, Tokens[i], Logprobs[i]!.Chosen);
            json.WriteStartArray("top_logprobs"u8);
            for (var k = 0; k < Logprobs[i]!.TopTokens.Count; k++)
            {
                json.WriteStartObject();
                WriteToken(json, tokenizer, Logprobs[i]!.TopTokens[k], Logprobs[i]!.TopLogprobs[k]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
    }

    /// <summary>Writes <c>logprobs</c> as /v1/completions has it: parallel arrays.</summary>
    public void WriteText(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        if (!IsAsked)
        {
            json.WriteNull("logprobs"u8);
            return;
        }

        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("text_offset"u8);
        foreach (var token in Tokens)
        {
            json.WriteNumberValue(Offsets.Next(token));
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs"u8);
        foreach (var logprobs in Logprobs)
        {
            if (logprobs is null)
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteNumberValue(Finite(logprobs.Chosen));
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("tokens"u8);
        foreach (var token in Tokens)
        {
            json.WriteStringValue(Text(tokenizer, token));
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        foreach (var logprobs in Logprobs)
        {
            if (logprobs is null)
            {
                json.WriteNullValue();
                continue;
            }

            json.WriteStartObject();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var k = 0; k < logprobs.TopTokens.Count; k++)
            {
                // Two tokens may be parts of characters and look the same; a JSON object has one place for them.
                if (Text(tokenizer, logprobs.TopTokens[k]) is var text && seen.Add(text))
                {
                    json.WriteNumber(text, Finite(logprobs.TopLogprobs[k]));
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, Tokenizer tokenizer, int token, float logprob)
    {
        json.WriteString("token"u8, Text(tokenizer, token));
        json.WriteNumber("logprob"u8, Finite(logprob));
        json.WriteStartArray("bytes"u8);
        foreach (var one in tokenizer.IsSpecial(token) ? Encoding.UTF8.GetBytes(tokenizer.TokenName(token)) : tokenizer.TokenBytes(token))
        {
            json.WriteNumberValue(one);
        }

        json.WriteEndArray();
    }

    private static string Text(Tokenizer tokenizer, int token) =>
        tokenizer.IsSpecial(token) ? tokenizer.TokenName(token) : Encoding.UTF8.GetString(tokenizer.TokenBytes(token));

    // JSON has no infinity; OpenAI writes this for a token that cannot come.
    private static float Finite(float logprob) => MathF.Max(logprob, -9999);
}
