namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>Who asks.</summary>
/// <param name="Name">As bindings name it.</param>
/// <param name="Groups">Groups that it is in.</param>
internal sealed record ApiUser(string Name, params string[] Groups)
{
    /// <summary>Who may do all.</summary>
    public static readonly ApiUser Admin = new("kubernetes-admin", "system:masters", "system:authenticated");

    /// <summary>Who shows nothing.</summary>
    public static readonly ApiUser Anonymous = new("system:anonymous", "system:unauthenticated");

    /// <summary>A service account.</summary>
    public static ApiUser Account(string space, string name) =>
        new($"system:serviceaccount:{space}:{name}", "system:serviceaccounts", $"system:serviceaccounts:{space}", "system:authenticated");
}
