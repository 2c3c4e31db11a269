using System.Text.Json;

namespace Crescent.Client.Load.Wire;

/// <summary>Values of answers, by tokens; the reader stands on the name and is left on the end of the value.</summary>
internal static class AnswerJson
{
    /// <summary>The words of an error; null where it is null.</summary>
    public static string? Error(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.String)
        {
            return json.GetString();
        }

        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            return json.TokenType == JsonTokenType.Null ? null : "an error without words";
        }

        var text = "an error without words";
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isMessage = json.ValueTextEquals("message"u8);
            json.Read();
            text = isMessage && json.TokenType == JsonTokenType.String ? json.GetString()! : text;
            json.Skip();
        }

        return text;
    }

    /// <summary>Elements of a list; 0 for what is none.</summary>
    public static int Count(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            json.Skip();
            return 0;
        }

        var count = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            json.Skip();
            count++;
        }

        return count;
    }
}
