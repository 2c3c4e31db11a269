using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Client.Json;

/// <summary>A failure as one line of JSON; names are in snake case, text stays readable in any language.</summary>
[JsonSerializable(typeof(FailureDocument))]
internal sealed partial class FailureJson : JsonSerializerContext
{
    private static readonly FailureJson Line = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The line.</summary>
    public static string Text(FailureDocument failure) => JsonSerializer.Serialize(failure, Line.FailureDocument);
}
