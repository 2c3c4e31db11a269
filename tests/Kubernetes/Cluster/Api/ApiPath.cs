namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>What a path of the API means.</summary>
/// <param name="Kind">Of which kind.</param>
/// <param name="Namespace">In which namespace; null for all, or where the kind lies in none.</param>
/// <param name="Name">Of which object; null for all of them.</param>
/// <param name="Subresource">Such as <c>scale</c>; null for the object itself.</param>
internal sealed record ApiPath(ApiKind Kind, string? Namespace, string? Name, string? Subresource)
{
    /// <summary>Where the object is kept.</summary>
    public string Space => Namespace ?? "";

    /// <summary>Reads a path such as <c>/apis/apps/v1/namespaces/a/statefulsets/b/scale</c>.</summary>
    /// <exception cref="ApiFault">There is nothing (404).</exception>
    public static ApiPath Read(string path)
    {
        var parts = path.Trim('/').Split('/');
        var (group, rest) = parts switch
        {
            ["api", var version, ..] => (("", version), parts[2..]),
            ["apis", var name, var version, ..] => ((name, version), parts[3..]),
            _ => throw ApiFault.NoPath(path),
        };

        // A namespace is an object itself, and what others lie in.
        var (space, tail) = rest is ["namespaces", var within, _, ..] ? (within, rest[2..]) : ((string?)null, rest);
        if (tail is [] or [_, _, _, _, ..] || ApiKind.At(group.Item1, group.Item2, tail[0]) is not { } kind || (space is not null && !kind.IsNamespaced))
        {
            throw ApiFault.NoPath(path);
        }

        return tail.Length > 1 && kind.IsNamespaced && space is null
            ? throw ApiFault.NoPath(path)
            : new ApiPath(kind, space, tail.ElementAtOrDefault(1), tail.ElementAtOrDefault(2));
    }
}
