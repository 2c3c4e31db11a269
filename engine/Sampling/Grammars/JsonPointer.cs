using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>References within a document: <c>#</c> and a JSON pointer (RFC 6901).</summary>
internal static class JsonPointer
{
    /// <summary>What a reference points to, or null.</summary>
    public static JsonElement? Find(JsonElement document, string reference)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            return null;
        }

        foreach (var part in reference.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            switch (document.ValueKind)
            {
                case JsonValueKind.Object when document.TryGetProperty(name, out var member):
                    document = member;
                    break;
                case JsonValueKind.Array when int.TryParse(name, out var index) && index >= 0 && index < document.GetArrayLength():
                    document = document[index];
                    break;
                default:
                    return null;
            }
        }

        return document;
    }
}
