using System.Text.Json;

namespace Crescent.Client.Mock;

/// <summary>What a mock server reads of a request. Its tokenizer takes each space for a token.</summary>
internal struct MockRequest
{
    /// <summary>Tokens that the template of a chat adds.</summary>
    public const int TemplateTokens = 7;

    /// <summary>Whether the answer is to come as events.</summary>
    public bool Stream;

    /// <summary>Whether usage is asked for at the end of the events.</summary>
    public bool IncludeUsage;

    /// <summary>Whether an answer goes on to its limit.</summary>
    public bool IgnoreEos;

    /// <summary>Limit of the answer; 0 for none.</summary>
    public int Limit;

    /// <summary>Answers asked for.</summary>
    public int Count;

    /// <summary>Tokens of prompt, messages or input.</summary>
    public int PromptTokens;

    /// <summary>Whether it goes on from an earlier answer, whose text a mock does not keep.</summary>
    public bool GoesOn;

    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static MockRequest Read(ReadOnlySpan<byte> body)
    {
        var request = new MockRequest { Count = 1 };
        var json = new Utf8JsonReader(body);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The body is no object.");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("stream"u8))
            {
                request.Stream = Flag(ref json);
            }
            else if (json.ValueTextEquals("ignore_eos"u8))
            {
                request.IgnoreEos = Flag(ref json);
            }
            else if (json.ValueTextEquals("max_tokens"u8) || json.ValueTextEquals("max_completion_tokens"u8) || json.ValueTextEquals("max_output_tokens"u8))
            {
                request.Limit = Number(ref json);
            }
            else if (json.ValueTextEquals("n"u8))
            {
                request.Count = Number(ref json);
            }
            else if (json.ValueTextEquals("stream_options"u8))
            {
                request.IncludeUsage = Options(ref json);
            }
            else if (json.ValueTextEquals("previous_response_id"u8) || json.ValueTextEquals("conversation"u8))
            {
                json.Read();
                request.GoesOn |= json.TokenType != JsonTokenType.Null;
                json.Skip();
            }
            else if (json.ValueTextEquals("messages"u8))
            {
                request.PromptTokens += TemplateTokens + Spaces(ref json);
            }
            else if (json.ValueTextEquals("prompt"u8) || json.ValueTextEquals("input"u8) || json.ValueTextEquals("instructions"u8))
            {
                request.PromptTokens += Spaces(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        return request;
    }

    private static bool Flag(ref Utf8JsonReader json)
    {
        json.Read();
        json.Skip();
        return json.TokenType == JsonTokenType.True;
    }

    private static int Number(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var value))
        {
            return value;
        }

        json.Skip();
        return 0;
    }

    private static bool Options(ref Utf8JsonReader json)
    {
        json.Read();
        var usage = false;
        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            return false;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isUsage = json.ValueTextEquals("include_usage"u8);
            var flag = Flag(ref json);
            usage |= isUsage && flag;
        }

        return usage;
    }

    /// <summary>Spaces in all texts of a value.</summary>
    private static int Spaces(ref Utf8JsonReader json)
    {
        json.Read();
        var depth = json.CurrentDepth;
        var spaces = 0;
        while (true)
        {
            if (json.TokenType == JsonTokenType.String)
            {
                spaces += json.ValueSpan.Count((byte)' ');
            }

            if (json.CurrentDepth == depth && json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
            {
                return spaces;
            }

            json.Read();
        }
    }
}
