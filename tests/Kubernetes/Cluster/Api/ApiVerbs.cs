using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>What is done to objects, as the kinds want it done.</summary>
internal sealed class ApiVerbs(ApiStore store)
{
    private const long DefaultGrace = 30;

    private readonly ApiEvictions _evictions = new(store);

    /// <summary>The object, or its scale.</summary>
    public JsonObject Get(ApiPath path) => path.Subresource switch
    {
        null or "status" => store.Get(path.Kind, path.Space, path.Name!),
        "scale" when path.Kind.HasScale => ApiScale.Of(store.Get(path.Kind, path.Space, path.Name!)),
        _ => throw ApiFault.NoPath($"{path.Kind.Plural}/{path.Subresource}"),
    };

    /// <summary>Makes an object, or does what a subresource does.</summary>
    public JsonObject Create(ApiPath path, JsonObject body)
    {
        if (path is { Kind.Plural: "pods", Subresource: "eviction" })
        {
            (body["apiVersion"], body["kind"]) = ("policy/v1", "Eviction");
            ApiFields.Check(body);

            // One after the other: of two that are asked for at once, the second finds what the first has left.
            lock (_evictions)
            {
                _evictions.Check(store.Get(path.Kind, path.Space, path.Name!));
                Delete(path, body["deleteOptions"] as JsonObject);
            }

            return Success();
        }

        if (path.Name is not null)
        {
            throw ApiFault.NoPath($"{path.Kind.Plural}/{path.Name}/{path.Subresource}");
        }

        Check(path, body);
        if (path.Kind.HasStatus)
        {
            body.Remove("status");
        }

        return store.Create(path.Kind, path.Space, body);
    }

    /// <summary>Puts an object in place of itself.</summary>
    public JsonObject Replace(ApiPath path, JsonObject body)
    {
        if (path.Subresource == "scale")
        {
            return Scale(path, body);
        }

        Check(path, body);
        if (path.Kind.Plural == "leases" && body["metadata"]!["resourceVersion"] is null)
        {
            throw ApiFault.Invalid(path.Kind, path.Name!, "metadata.resourceVersion: Invalid value: 0: must be specified for an update");
        }

        return store.Change(path.Kind, path.Space, path.Name!, held => Part(path, held, body));
    }

    /// <summary>Changes an object by a patch.</summary>
    public JsonObject Patch(ApiPath path, JsonNode? patch, string contentType)
    {
        if (path.Subresource == "scale")
        {
            return Scale(path, ApiPatch.Apply(Get(path), patch, contentType));
        }

        return store.Change(path.Kind, path.Space, path.Name!, held =>
        {
            var made = ApiPatch.Apply(held, patch, contentType);
            Check(path, made);

            // A patch that names no revision is of the one that is.
            return Part(path, held, made);
        });
    }

    /// <summary>Deletes an object; a pod that runs goes within its grace period.</summary>
    public JsonObject Delete(ApiPath path, JsonObject? options)
    {
        var held = store.Get(path.Kind, path.Space, path.Name!);
        var wanted = options?["preconditions"];
        if (new[] { "uid", "resourceVersion" }.Any(own => (string?)wanted?[own] is { } value && value != (string?)held["metadata"]![own]))
        {
            throw ApiFault.Stale(path.Kind, path.Name!);
        }

        if (path.Kind.Plural != "pods")
        {
            store.Delete(path.Kind, path.Space, path.Name!);
            return Success();
        }

        var grace = (long?)options?["gracePeriodSeconds"] ?? (long?)held["spec"]?["terminationGracePeriodSeconds"] ?? DefaultGrace;
        return grace == 0 || held["spec"]?["nodeName"] is null ? store.Delete(path.Kind, path.Space, path.Name!) : store.Terminate(path.Kind, path.Space, path.Name!, grace);
    }

    private JsonObject Scale(ApiPath path, JsonObject scale)
    {
        if (!path.Kind.HasScale)
        {
            throw ApiFault.NoPath($"{path.Kind.Plural}/scale");
        }

        (scale["apiVersion"], scale["kind"]) = ("autoscaling/v1", "Scale");
        ApiFields.Check(scale);
        return ApiScale.Of(store.Change(path.Kind, path.Space, path.Name!, held => ApiScale.Applied(path.Kind, held, scale)));
    }

    // What one way of writing leaves as it is.
    private static JsonObject Part(ApiPath path, JsonObject held, JsonObject made)
    {
        if (path.Subresource == "status")
        {
            (held["status"], held["metadata"]!["resourceVersion"]) = (made["status"]?.DeepClone(), made["metadata"]!["resourceVersion"]?.DeepClone());
            return held;
        }

        if (path.Subresource is not null)
        {
            throw ApiFault.NoPath($"{path.Kind.Plural}/{path.Subresource}");
        }

        if (path.Kind.HasStatus)
        {
            made["status"] = held["status"]?.DeepClone();
        }

        return made;
    }

    private static void Check(ApiPath path, JsonObject body)
    {
        body["apiVersion"] ??= path.Kind.ApiVersion;
        body["kind"] ??= path.Kind.Kind;
        body["metadata"] ??= new JsonObject();
        if ((string?)body["apiVersion"] != path.Kind.ApiVersion || (string?)body["kind"] != path.Kind.Kind)
        {
            throw ApiFault.Bad($"the object provided is {body["apiVersion"]} {body["kind"]}, and {path.Kind.ApiVersion} {path.Kind.Kind} was expected");
        }

        if (path.Name is { } name && (string?)body["metadata"]!["name"] is { } other && other != name)
        {
            throw ApiFault.Bad($"the name of the object ({other}) does not match the name on the URL ({name})");
        }

        ApiFields.Check(body);
    }

    private static JsonObject Success() => new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success" };
}
