using System.Text.Json;

namespace Crescent.Client.Load.Wire;

/// <summary>What a server says that an answer took: OpenAI's <c>usage</c>, and Crescent's joules in it.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens of the answer, thoughts included.</param>
/// <param name="ReasoningTokens">Of those, thoughts.</param>
/// <param name="CachedTokens">Tokens of the prompt that a cache had.</param>
/// <param name="Joules">Energy; null where it is not told.</param>
/// <param name="Simulated">Whether the energy is of a simulated device.</param>
/// <param name="Modelled">Whether no meter measured the energy.</param>
internal readonly record struct ServerUsage(
    int PromptTokens, int CompletionTokens, int ReasoningTokens, int CachedTokens, double? Joules, bool Simulated, bool Modelled)
{
    /// <summary>Reads the object that <paramref name="json"/> stands at the beginning of.</summary>
    public static ServerUsage Read(ref Utf8JsonReader json)
    {
        var usage = default(ServerUsage);
        Read(ref json, ref usage);
        return usage;
    }

    private static void Read(ref Utf8JsonReader json, ref ServerUsage usage)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("prompt_tokens"u8) || json.ValueTextEquals("input_tokens"u8))
            {
                usage = usage with { PromptTokens = Whole(ref json) };
            }
            else if (json.ValueTextEquals("completion_tokens"u8) || json.ValueTextEquals("output_tokens"u8))
            {
                usage = usage with { CompletionTokens = Whole(ref json) };
            }
            else if (json.ValueTextEquals("reasoning_tokens"u8))
            {
                usage = usage with { ReasoningTokens = Whole(ref json) };
            }
            else if (json.ValueTextEquals("cached_tokens"u8))
            {
                usage = usage with { CachedTokens = Whole(ref json) };
            }
            else if (json.ValueTextEquals("joules"u8))
            {
                json.Read();
                usage = json.TokenType == JsonTokenType.Number ? usage with { Joules = json.GetDouble() } : usage;
            }
            else if (json.ValueTextEquals("simulated"u8))
            {
                json.Read();
                usage = usage with { Simulated = json.TokenType == JsonTokenType.True };
            }
            else if (json.ValueTextEquals("source"u8))
            {
                json.Read();
                usage = usage with { Modelled = json.TokenType == JsonTokenType.String && json.ValueTextEquals("model"u8) };
            }
            else
            {
                json.Read();
                if (json.TokenType == JsonTokenType.StartObject)
                {
                    Read(ref json, ref usage);
                }
                else
                {
                    json.Skip();
                }
            }
        }
    }

    private static int Whole(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var value) ? value : 0;
    }
}
