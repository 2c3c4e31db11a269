using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// References within a document: <c>#</c> and a JSON pointer (RFC 6901). What an object or array on the way holds is looked through once,
/// however many references go there.
/// </summary>
internal sealed class JsonPointers(JsonElement document)
{
    private readonly Dictionary<string, Dictionary<string, JsonElement>> _members = new(StringComparer.Ordinal);

    /// <summary>What a reference points to, or null.</summary>
    public JsonElement? Find(string reference)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            return null;
        }

        var found = document;
        var path = "#";
        foreach (var part in reference.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (!Members(path, found).TryGetValue(name, out found))
            {
                return null;
            }

            path = $"{path}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
        }

        return found;
    }

    private Dictionary<string, JsonElement> Members(string path, JsonElement element)
    {
        if (!_members.TryGetValue(path, out var members))
        {
            members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            _members.Add(path, members);
            if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in element.EnumerateObject())
                {
                    members[member.Name] = member.Value;
                }
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in element.EnumerateArray())
                {
                    members.Add(members.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), item);
                }
            }
        }

        return members;
    }
}
