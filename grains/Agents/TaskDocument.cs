using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Agents.Tasks;

namespace Crescent.Grains.Agents;

/// <summary>
/// A task as it is stored, or a part of it: what it is to do, and what has happened to it. What a later version adds has a default that means what its absence meant; what this
/// version does not know is left out.
/// </summary>
public sealed record TaskDocument
{
    /// <summary>Of documents that are whole.</summary>
    public const int Whole = 1;

    /// <summary>Of those that stand in parts: earlier programs, which would miss what is in the others, do not read them.</summary>
    public const int InParts = 2;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Version of the form: a document with another cannot be played.</summary>
    public int Version { get; init; }

    /// <summary>What it is to do; null where it stands in the first part.</summary>
    public TaskSpec? Spec { get; init; }

    /// <summary>Names of the parts that come before <see cref="Log"/>, in order; null for none.</summary>
    public IReadOnlyList<string>? Parts { get; init; }

    /// <summary>What has happened, in order, after what the parts tell.</summary>
    public IReadOnlyList<TaskEntry> Log { get; init; } = [];

    /// <summary>Reads a document.</summary>
    /// <exception cref="InvalidDataException">It is none, or of another version.</exception>
    public static TaskDocument Parse(string json)
    {
        try
        {
            var document = JsonSerializer.Deserialize<TaskDocument>(json, Json)!;
            return document switch
            {
                { Version: not (Whole or InParts) } => throw new InvalidDataException($"The task was stored in version {document.Version}; this program reads versions {Whole} and {InParts}."),
                { Version: Whole, Spec: null } => throw new InvalidDataException("The task cannot be read: 'spec' is missing."),
                _ => document,
            };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The task cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What a task is to do, from JSON.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static TaskSpec ParseSpec(string json) => JsonSerializer.Deserialize<TaskSpec>(json, Json) ?? throw new JsonException("It is null.");

    /// <summary>The same as JSON.</summary>
    public static string Write(TaskSpec spec) => JsonSerializer.Serialize(spec, Json);

    /// <summary>A whole document as JSON.</summary>
    public static string Write(TaskSpec spec, IReadOnlyList<TaskEntry> log) => Write(spec, [], log);

    /// <summary>A document as JSON.</summary>
    /// <param name="spec">What the task is to do; null where a part has it.</param>
    /// <param name="parts">The parts before it.</param>
    /// <param name="log">What has happened after what they tell.</param>
    public static string Write(TaskSpec? spec, IReadOnlyList<string> parts, IReadOnlyList<TaskEntry> log) =>
        JsonSerializer.Serialize(new TaskDocument { Version = spec is not null && parts.Count == 0 ? Whole : InParts, Spec = spec, Parts = parts.Count > 0 ? parts : null, Log = log }, Json);
}
