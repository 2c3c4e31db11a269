using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>What happened to an object, as a watch is told.</summary>
/// <param name="Revision">The object's <c>resourceVersion</c> with it.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespace">Where it lies; empty where its kind lies in none.</param>
/// <param name="Type"><c>ADDED</c>, <c>MODIFIED</c> or <c>DELETED</c>.</param>
/// <param name="Object">The object then. Nobody changes it.</param>
/// <param name="Before">The object before; null where there was none.</param>
internal sealed record ApiEvent(long Revision, ApiKind Kind, string Namespace, string Type, JsonObject Object, JsonObject? Before)
{
    /// <summary>As a watch of <paramref name="selector"/> is told of it; null where it is not. What is no longer meant is gone for it.</summary>
    public JsonObject? For(ApiSelector selector)
    {
        var (was, isNow) = (Before is not null && selector.Matches(Before), selector.Matches(Object));
        var type = Type == "DELETED" ? (isNow ? Type : null) : (was, isNow) switch
        {
            (true, true) => "MODIFIED",
            (false, true) => "ADDED",
            (true, false) => "DELETED",
            _ => null,
        };
        return type is null ? null : new JsonObject { ["type"] = type, ["object"] = Object.DeepClone() };
    }
}
