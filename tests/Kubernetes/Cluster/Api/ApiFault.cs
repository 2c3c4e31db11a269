using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>A request that the API server refuses, as its clients are told.</summary>
/// <param name="code">Status of HTTP.</param>
/// <param name="reason">Kubernetes' word for it.</param>
/// <param name="message">What is wrong.</param>
internal sealed class ApiFault(int code, string reason, string message) : Exception(message)
{
    /// <summary>Status of HTTP.</summary>
    public int Code => code;

    /// <summary>As a <c>Status</c>.</summary>
    public JsonObject Status => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = Message,
        ["reason"] = reason,
        ["code"] = code,
    };

    public static ApiFault NotFound(ApiKind kind, string name) => new(404, "NotFound", $"{kind.Resource} \"{name}\" not found");

    public static ApiFault NoPath(string path) => new(404, "NotFound", $"the server could not find the requested resource ({path})");

    public static ApiFault Exists(ApiKind kind, string name) => new(409, "AlreadyExists", $"{kind.Resource} \"{name}\" already exists");

    public static ApiFault Stale(ApiKind kind, string name) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.Resource} \"{name}\": the object has been modified; please apply your changes to the latest version and try again");

    public static ApiFault Gone(long asked, long oldest) => new(410, "Expired", $"too old resource version: {asked} ({oldest})");

    public static ApiFault Bad(string message) => new(400, "BadRequest", message);

    public static ApiFault Invalid(ApiKind kind, string name, string why) => new(422, "Invalid", $"{kind.Kind} \"{name}\" is invalid: {why}");

    public static ApiFault Forbidden(string message) => new(403, "Forbidden", message);

    public static ApiFault WouldDisrupt() => new(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
}
