using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>Whether somebody may do something, by the Roles and RoleBindings that the server keeps.</summary>
internal sealed class ApiAccess(ApiStore store)
{
    private static readonly ApiSelector All = new(null, null);

    /// <summary>Refuses what no rule allows.</summary>
    /// <param name="user">Who.</param>
    /// <param name="verb">Such as <c>get</c> or <c>watch</c>.</param>
    /// <param name="kind">Of what.</param>
    /// <param name="subresource">Such as <c>scale</c>; null for the object itself.</param>
    /// <param name="space">In which namespace; null for all, or where the kind lies in none.</param>
    /// <param name="name">Of which object; null for none in particular.</param>
    /// <exception cref="ApiFault">No rule does (403).</exception>
    public void Check(ApiUser user, string verb, ApiKind kind, string? subresource, string? space, string? name)
    {
        if (user.Groups.Contains("system:masters"))
        {
            return;
        }

        var resource = subresource is null ? kind.Plural : $"{kind.Plural}/{subresource}";
        if (!RulesOf(user, space).Any(rule => Allows(rule, verb, kind.Group, resource, name)))
        {
            var where = space is null ? "at the cluster scope" : $"in the namespace \"{space}\"";
            throw ApiFault.Forbidden($"{kind.Resource}{(name is null ? "" : $" \"{name}\"")} is forbidden: User \"{user.Name}\" cannot {verb} resource \"{resource}\" in API group \"{kind.Group}\" {where}");
        }
    }

    private IEnumerable<V1PolicyRule> RulesOf(ApiUser user, string? space)
    {
        var everywhere = Kept<V1ClusterRoleBinding>("clusterrolebindings", null).Where(b => Names(b.Subjects, user, "")).SelectMany(b => RulesOf(b.RoleRef, null));
        return space is null
            ? everywhere
            : everywhere.Concat(Kept<V1RoleBinding>("rolebindings", space).Where(b => Names(b.Subjects, user, space)).SelectMany(b => RulesOf(b.RoleRef, space)));
    }

    private IEnumerable<V1PolicyRule> RulesOf(V1RoleRef role, string? space) => role.Kind == "ClusterRole"
        ? Kept<V1ClusterRole>("clusterroles", null).Where(r => r.Metadata.Name == role.Name).SelectMany(static r => r.Rules ?? [])
        : Kept<V1Role>("roles", space).Where(r => r.Metadata.Name == role.Name).SelectMany(static r => r.Rules ?? []);

    private IEnumerable<T> Kept<T>(string plural, string? space) =>
        store.List(ApiKind.At("rbac.authorization.k8s.io", "v1", plural)!, space, All).Items.Select(static it => KubernetesJson.Deserialize<T>(it.ToJsonString()));

    private static bool Names(IList<Rbacv1Subject>? subjects, ApiUser user, string space) => subjects is not null && subjects.Any(subject => subject.Kind switch
    {
        "ServiceAccount" => user.Name == $"system:serviceaccount:{subject.NamespaceProperty ?? space}:{subject.Name}",
        "Group" => user.Groups.Contains(subject.Name),
        _ => user.Name == subject.Name,
    });

    private static bool Allows(V1PolicyRule rule, string verb, string group, string resource, string? name) =>
        Has(rule.Verbs, verb) && Has(rule.ApiGroups, group) && (Has(rule.Resources, resource) || HasSubresource(rule.Resources, resource))
        && (rule.ResourceNames is not { Count: > 0 } names || (name is not null && names.Contains(name)));

    private static bool Has(IList<string>? all, string one) => all is not null && (all.Contains(one) || all.Contains("*"));

    // "*/scale" is that of every kind.
    private static bool HasSubresource(IList<string>? all, string resource) => all is not null && resource.Split('/') is [_, var sub] && all.Contains($"*/{sub}");
}
