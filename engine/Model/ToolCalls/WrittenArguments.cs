using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crescent.Engine.Model.ToolCalls;

/// <summary>The arguments of a call as JSON, from values that a model writes in a form of its own. Of equal names the first counts.</summary>
internal sealed class WrittenArguments
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<string> _members = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Adds a value that stands as it is where it is text, else as JSON; what is no JSON is text too.</summary>
    public void Add(string name, ReadOnlySpan<char> value, bool isText)
    {
        if (_names.Add(name))
        {
            _members.Add($"{Text(name)}:{(isText ? null : Json(value.ToString())) ?? Text(value)}");
        }
    }

    /// <summary>Adds a value that is JSON already.</summary>
    public void AddJson(string name, string json)
    {
        if (_names.Add(name))
        {
            _members.Add($"{Text(name)}:{json}");
        }
    }

    /// <summary>The JSON object.</summary>
    public override string ToString() => $"{{{string.Join(',', _members)}}}";

    /// <summary>A text as JSON.</summary>
    public static string Text(ReadOnlySpan<char> text)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, Plain))
        {
            writer.WriteStringValue(text);
        }

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    // Written anew: half a surrogate is found while it is written.
    private static string? Json(string value)
    {
        try
        {
            using var read = JsonDocument.Parse(value);
            var json = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(json, Plain))
            {
                read.RootElement.WriteTo(writer);
            }

            return Encoding.UTF8.GetString(json.WrittenSpan);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
