using k8s.Models;

namespace Crescent.Tests.Kubernetes.Rules;

/// <summary>That nobody with a token may do more with it than the planner needs: Roles alone, of one namespace, for named objects.</summary>
internal static class AccountRules
{
    /// <summary>What an account may do, and of which object; all that there is.</summary>
    private static readonly string[] Allowed =
    [
        "get apps/statefulsets crescent-device", "patch apps/statefulsets/scale crescent-device", "get /configmaps crescent-planner", "patch /configmaps crescent-planner", "create /events *",
    ];

    public static IEnumerable<string> Faults(Manifests manifests)
    {
        foreach (var role in manifests.All<V1Role>())
        {
            foreach (var more in role.Rules.SelectMany(Rights).Except(Allowed))
            {
                yield return $"{role.Metadata.Name}: it may {more}";
            }
        }

        foreach (var role in manifests.All<V1ClusterRole>().Select(static r => r.Metadata.Name).Concat(manifests.All<V1ClusterRoleBinding>().Select(static b => b.Metadata.Name)))
        {
            yield return $"{role}: it goes for the whole cluster";
        }

        var bound = manifests.All<V1RoleBinding>().SelectMany(static b => b.Subjects).ToList();
        foreach (var other in bound.Where(static s => s is not { Kind: "ServiceAccount", Name: "crescent-planner" }))
        {
            yield return $"{other.Kind} {other.Name}: it is given a role";
        }
    }

    private static IEnumerable<string> Rights(V1PolicyRule rule) =>
        from verb in rule.Verbs
        from groupName in rule.ApiGroups
        from resource in rule.Resources
        from name in rule.ResourceNames is { Count: > 0 } names ? names : ["*"]
        select $"{verb} {groupName}/{resource} {name}";
}
