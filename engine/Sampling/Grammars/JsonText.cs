using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Strings of JSON documents as text.</summary>
public static class JsonText
{
    /// <summary>
    /// Sees that all strings of a document, names too, can be read: an escaped half of a surrogate pair is JSON but no text, and the document
    /// throws only when such a string is read.
    /// </summary>
    /// <exception cref="JsonException">One cannot.</exception>
    public static void Check(JsonElement element)
    {
        try
        {
            Visit(element);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A string holds half of a surrogate pair.", e);
        }
    }

    private static void Visit(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Visit(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Visit(property.Value);
                }

                break;
        }
    }
}
