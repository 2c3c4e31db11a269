using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A call of one of several tools: a JSON object with the name of one and its arguments, and text around it.</summary>
public sealed record ToolSource
{
    /// <summary>The name that the arguments go by.</summary>
    public required string Key { get; init; }

    /// <summary>Text before the call, such as an opening tag.</summary>
    public string Before { get; init; } = "";

    /// <summary>Text after it.</summary>
    public string After { get; init; } = "";

    /// <summary>
    /// Whether a call is <c>&lt;function=NAME&gt;</c> with a <c>&lt;parameter=KEY&gt;</c> for each argument instead of a JSON object; texts stand in those as they are.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsXml { get; init; }

    /// <summary>The tools.</summary>
    public required IReadOnlyList<Tool> Tools { get; init; }

    /// <summary>What an answer that calls none looks like; null where one must be called.</summary>
    public Answer? Else { get; init; }

    internal string ToText() => JsonSerializer.Serialize(this, JsonSerializerOptions.Default);

    internal static ToolSource Of(string text) => JsonSerializer.Deserialize<ToolSource>(text, JsonSerializerOptions.Default)!;

    /// <summary>A tool.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Field">Where its schema stands in the request.</param>
    /// <param name="Schema">The JSON Schema of its arguments; null for any object.</param>
    /// <param name="IsStrict">Whether all of the schema must be enforced.</param>
    public sealed record Tool(string Name, string Field, string? Schema, bool IsStrict);

    /// <summary>An answer that is JSON.</summary>
    /// <param name="Field">Where its schema stands in the request.</param>
    /// <param name="Schema">The JSON Schema of it; null for any object.</param>
    /// <param name="IsStrict">Whether all of the schema must be enforced.</param>
    public sealed record Answer(string Field, string? Schema, bool IsStrict);
}
