using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A call of one of several tools: the name of one and its arguments, and text around it, in which control tokens of the model stand by their names (<see cref="ToolCallMarks"/>).</summary>
public sealed record ToolSource
{
    /// <summary>The name that the arguments go by.</summary>
    public required string Key { get; init; }

    /// <summary>Text before the call, such as an opening tag.</summary>
    public string Before { get; init; } = "";

    /// <summary>Text after it.</summary>
    public string After { get; init; } = "";

    /// <summary>In what syntax name and arguments are written.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public CallSyntax Syntax { get; init; }

    /// <summary>Text between name and arguments, of <see cref="CallSyntax.Named"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Between { get; init; }

    /// <summary>What stands around texts, of <see cref="CallSyntax.Gemma"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Quote { get; init; }

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
