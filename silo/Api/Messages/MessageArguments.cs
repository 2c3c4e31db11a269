using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crescent.Silo.Api.Messages;

/// <summary>
/// The arguments of a call as text. Anthropic's clients have them as an object, and how the model has written it is lost; templates that take text get what models are
/// taught, with a space behind each colon and comma, so that what the model wrote is found in the prefix cache.
/// </summary>
internal static class MessageArguments
{
    /// <summary>Writes an object.</summary>
    public static string Write(JsonElement input)
    {
        var text = new StringBuilder();
        Write(text, input);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = 0;
                text.Append('{');
                foreach (var member in value.EnumerateObject())
                {
                    text.Append(members++ > 0 ? ", " : "");
                    Write(text, member.Name);
                    text.Append(": ");
                    Write(text, member.Value);
                }

                text.Append('}');
                break;
            case JsonValueKind.Array:
                var items = 0;
                text.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    text.Append(items++ > 0 ? ", " : "");
                    Write(text, item);
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                Write(text, value.GetString()!);
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void Write(StringBuilder text, string value) => text.Append('"').Append(JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)).Append('"');
}
