using System.Globalization;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>All objects and what happened to them, under one count of revisions as etcd has it. Safe for use by many threads.</summary>
internal sealed class ApiStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(string Kind, string Namespace, string Name), JsonObject> _objects = [];
    private readonly List<ApiEvent> _events = [];
    private TaskCompletionSource _changed = Fresh();
    private long _revision = 1;
    private long _oldest = 1;

    /// <summary>Revision of the latest change.</summary>
    public long Revision
    {
        get
        {
            lock (_lock)
            {
                return _revision;
            }
        }
    }

    /// <summary>Ends with the next change.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>The object of that name.</summary>
    /// <exception cref="ApiFault">There is none (404).</exception>
    public JsonObject Get(ApiKind kind, string space, string name)
    {
        lock (_lock)
        {
            return Clone(Held(kind, space, name));
        }
    }

    /// <summary>All of a kind, in one namespace or in all where <paramref name="space"/> is null, with the revision at which they were so.</summary>
    public (IReadOnlyList<JsonObject> Items, long Revision) List(ApiKind kind, string? space, ApiSelector selector)
    {
        lock (_lock)
        {
            return ([.. _objects.Where(o => o.Key.Kind == kind.Resource && (space is null || o.Key.Namespace == space) && selector.Matches(o.Value)).Select(static o => Clone(o.Value))], _revision);
        }
    }

    /// <summary>What happened after <paramref name="revision"/>, and what ends when more has.</summary>
    /// <exception cref="ApiFault">That is no longer known (410).</exception>
    public (IReadOnlyList<ApiEvent> Events, long Revision, Task More) Since(long revision)
    {
        lock (_lock)
        {
            if (revision < _oldest)
            {
                throw ApiFault.Gone(revision, _oldest);
            }

            var from = _events.Count;
            while (from > 0 && _events[from - 1].Revision > revision)
            {
                from--;
            }

            return (_events[from..], _revision, _changed.Task);
        }
    }

    /// <summary>Forgets what happened until now, as etcd does after some minutes.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            _events.Clear();
            _oldest = _revision;
        }
    }

    /// <summary>Keeps a new object.</summary>
    /// <exception cref="ApiFault">There is one of that name (409).</exception>
    public JsonObject Create(ApiKind kind, string space, JsonObject it)
    {
        var made = Clone(it);
        made["metadata"] ??= new JsonObject();
        var metadata = (JsonObject)made["metadata"]!;
        if (metadata["name"] is null && (string?)metadata["generateName"] is { } prefix)
        {
            metadata["name"] = $"{prefix}{Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..5]}";
        }

        var name = (string?)metadata["name"] ?? throw ApiFault.Invalid(kind, "", "metadata.name: Required value: name or generateName is required");
        if (kind.IsNamespaced)
        {
            metadata["namespace"] = space;
        }

        (metadata["uid"], metadata["generation"], metadata["creationTimestamp"]) = (Guid.NewGuid().ToString(), 1, Now());
        lock (_lock)
        {
            return _objects.ContainsKey((kind.Resource, space, name)) ? throw ApiFault.Exists(kind, name) : Keep(kind, space, name, made, "ADDED");
        }
    }

    /// <summary>Changes an object by what <paramref name="change"/> makes of it as it is.</summary>
    /// <exception cref="ApiFault">There is none (404), or the result is of an older revision (409).</exception>
    public JsonObject Change(ApiKind kind, string space, string name, Func<JsonObject, JsonObject> change)
    {
        lock (_lock)
        {
            var held = Held(kind, space, name);
            var made = change(Clone(held));
            var (before, metadata) = ((JsonObject)held["metadata"]!, (JsonObject)made["metadata"]!);
            if ((string?)metadata["resourceVersion"] is { Length: > 0 } version && version != (string?)before["resourceVersion"])
            {
                throw ApiFault.Stale(kind, name);
            }

            // What only the server says.
            foreach (var own in new[] { "uid", "creationTimestamp", "resourceVersion", "namespace", "name", "deletionTimestamp", "deletionGracePeriodSeconds" })
            {
                metadata.Remove(own);
                if (before[own] is { } value)
                {
                    metadata[own] = value.DeepClone();
                }
            }

            metadata["generation"] = (long?)before["generation"] + (JsonNode.DeepEquals(held["spec"], made["spec"]) ? 0 : 1);
            return JsonNode.DeepEquals(held, made) ? Clone(held) : Keep(kind, space, name, made, "MODIFIED");
        }
    }

    /// <summary>Says that an object is to go within <paramref name="seconds"/>; whoever runs it deletes it for good.</summary>
    public JsonObject Terminate(ApiKind kind, string space, string name, long seconds)
    {
        lock (_lock)
        {
            var made = Clone(Held(kind, space, name));
            var metadata = (JsonObject)made["metadata"]!;
            if (metadata["deletionTimestamp"] is not null)
            {
                return made;
            }

            (metadata["deletionTimestamp"], metadata["deletionGracePeriodSeconds"]) = (Now(), seconds);
            return Keep(kind, space, name, made, "MODIFIED");
        }
    }

    /// <summary>Deletes it for good.</summary>
    public JsonObject Delete(ApiKind kind, string space, string name)
    {
        lock (_lock)
        {
            var held = Clone(Held(kind, space, name));
            Keep(kind, space, name, held, "DELETED");
            _objects.Remove((kind.Resource, space, name));
            return held;
        }
    }

    private JsonObject Held(ApiKind kind, string space, string name) => _objects.GetValueOrDefault((kind.Resource, space, name)) ?? throw ApiFault.NotFound(kind, name);

    private JsonObject Keep(ApiKind kind, string space, string name, JsonObject it, string type)
    {
        ((JsonObject)it["metadata"]!)["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);

        // As it would come from outside: a number that was put in as one type is read as no other.
        it = (JsonObject)JsonNode.Parse(it.ToJsonString())!;
        _events.Add(new ApiEvent(_revision, kind, space, type, it, _objects.GetValueOrDefault((kind.Resource, space, name))));
        _objects[(kind.Resource, space, name)] = it;
        (var changed, _changed) = (_changed, Fresh());
        changed.SetResult();
        return Clone(it);
    }

    private static JsonObject Clone(JsonObject it) => (JsonObject)it.DeepClone();

    private static string Now() => DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
