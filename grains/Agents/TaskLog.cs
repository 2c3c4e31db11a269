using System.Globalization;
using Crescent.Agents.Tasks;
using Crescent.Grains.Storage;
using Orleans.Storage;

namespace Crescent.Grains.Agents;

/// <summary>
/// What is stored of a task. Its state is a document that is written anew with each entry, so it is kept short: when it has grown beyond <see cref="MostTail"/> all of it goes into
/// a part, a state of its own that is never written again, and the document begins anew with the part's name. A part is there before the document names it; one that was
/// written by a silo that died, or that came too late, stays behind and nobody reads it. Any grain storage can keep them.
/// </summary>
/// <param name="stored">The document.</param>
/// <param name="storage">Where parts are kept.</param>
/// <param name="id">The task.</param>
internal sealed class TaskLog(IPersistentState<StoredDocument> stored, IGrainStorage storage, string id)
{
    /// <summary>Characters of a document that is written at each step; one that would be longer becomes a part.</summary>
    public const int MostTail = 32 << 10;

    /// <summary>The name of the state of parts.</summary>
    public const string PartState = "agent-task-part";

    /// <summary>The type of grain that parts are stored under: there is no such grain.</summary>
    public const string PartType = "crescent.agent-task-part";

    private readonly List<TaskEntry> _tail = [];
    private readonly List<string> _parts = [];
    private TaskSpec? _spec;
    private (string Name, int Entries)? _draft;

    /// <summary>Reads all of it; null when there is nothing.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public async Task<(TaskSpec Spec, IReadOnlyList<TaskEntry> Log)?> Read()
    {
        if (stored.State.Json.Length == 0)
        {
            return null;
        }

        var head = TaskDocument.Parse(stored.State.Json);
        var spec = head.Spec;
        var log = new List<TaskEntry>();
        foreach (var name in head.Parts ?? [])
        {
            var part = await ReadPart(name);
            spec ??= part.Spec;
            log.AddRange(part.Log);
        }

        log.AddRange(head.Log);
        _spec = head.Spec;
        _parts.AddRange(head.Parts ?? []);
        _tail.AddRange(head.Log);
        return (spec ?? throw new InvalidDataException($"What the task '{id}' is to do stands in none of its {_parts.Count} parts."), log);
    }

    /// <summary>Stores a task that begins.</summary>
    public Task Begin(TaskSpec spec)
    {
        _spec = spec;
        _draft = null;
        return Append([]);
    }

    /// <summary>Stores what has happened; when it fails, the same may be tried again.</summary>
    public async Task Append(IReadOnlyList<TaskEntry> entries)
    {
        TaskEntry[] tail = [.. _tail, .. entries];
        var json = TaskDocument.Write(_spec, _parts, tail);
        if (json.Length <= MostTail)
        {
            stored.State.Json = json;
            await stored.WriteStateAsync();
            _tail.AddRange(entries);
            return;
        }

        // Of a try that failed the part may be there.
        if (_draft?.Entries != tail.Length)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{_parts.Count}-{Guid.NewGuid():n}")[..^20];
            await storage.WriteStateAsync(PartState, PartOf(name), State(TaskDocument.Write(_spec, [], tail)));
            _draft = (name, tail.Length);
        }

        stored.State.Json = TaskDocument.Write(null, [.. _parts, _draft.Value.Name], []);
        await stored.WriteStateAsync();
        _parts.Add(_draft.Value.Name);
        _draft = null;
        _spec = null;
        _tail.Clear();
    }

    /// <summary>Takes all of it away.</summary>
    public async Task Clear()
    {
        await stored.ClearStateAsync();
        foreach (var name in _parts)
        {
            var part = State("");
            await storage.ReadStateAsync(PartState, PartOf(name), part);
            await storage.ClearStateAsync(PartState, PartOf(name), part);
        }

        _parts.Clear();
        _tail.Clear();
    }

    private async Task<TaskDocument> ReadPart(string name)
    {
        var part = State("");
        await storage.ReadStateAsync(PartState, PartOf(name), part);
        return part.RecordExists ? TaskDocument.Parse(part.State!.Json) : throw new InvalidDataException($"Part '{name}' of the task '{id}' is not there.");
    }

    private GrainId PartOf(string name) => GrainId.Create(PartType, $"{id}/{name}");

    private static GrainState<StoredDocument> State(string json) => new() { State = new StoredDocument { Json = json } };
}
