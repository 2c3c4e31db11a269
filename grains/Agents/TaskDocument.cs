using System.Text.Json;
using System.Text.Json.Serialization;
using Crescent.Agents.Tasks;

namespace Crescent.Grains.Agents;

/// <summary>
/// A task as it is stored: what it is to do, and all that has happened to it. What a later version adds has a default that means what its absence meant; what this version does
/// not know is left out.
/// </summary>
public sealed record TaskDocument
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Version of the form: a document with another cannot be played.</summary>
    public int Version { get; init; }

    /// <summary>What it is to do.</summary>
    public required TaskSpec Spec { get; init; }

    /// <summary>What has happened, in order.</summary>
    public IReadOnlyList<TaskEntry> Log { get; init; } = [];

    /// <summary>Reads a document.</summary>
    /// <exception cref="InvalidDataException">It is none, or of another version.</exception>
    public static TaskDocument Parse(string json)
    {
        try
        {
            var document = JsonSerializer.Deserialize<TaskDocument>(json, Json)!;
            return document.Version == 1 ? document : throw new InvalidDataException($"The task was stored in version {document.Version}; this program reads version 1.");
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

    /// <summary>The document as JSON.</summary>
    public static string Write(TaskSpec spec, IReadOnlyList<TaskEntry> log) => JsonSerializer.Serialize(new TaskDocument { Version = 1, Spec = spec, Log = log }, Json);
}
