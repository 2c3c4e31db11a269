using k8s.Models;

namespace Crescent.Tests.Kubernetes.Rules;

/// <summary>What may reach what: every port of a pod is let in by a policy and nothing else is; silos hear silos alone, operators come from their namespace.</summary>
internal static class NetworkRules
{
    private const string Http = "http", SiloPort = "silo", Ops = "ops", Redis = "redis";

    public static IEnumerable<string> Faults(Manifests manifests)
    {
        var policies = manifests.All<V1NetworkPolicy>().ToList();
        foreach (var pod in manifests.Pods)
        {
            var own = policies.Where(policy => Manifests.Selects(policy.Spec.PodSelector, pod.Labels)).ToList();
            foreach (var way in new[] { "Ingress", "Egress" }.Where(way => !own.Exists(policy => policy.Spec.PolicyTypes.Contains(way))))
            {
                yield return $"{pod.Name}: no policy holds its {way}";
            }

            var rules = own.SelectMany(static policy => policy.Spec.Ingress ?? []).ToList();
            var ports = pod.Containers.SelectMany(static container => container.Ports ?? []).ToDictionary(static port => port.ContainerPort, static port => port.Name);
            foreach (var (port, name) in ports)
            {
                var letting = rules.Where(rule => rule.Ports?.Any(p => p.Port.Value == $"{port}") == true).ToList();
                if (letting.Count == 0)
                {
                    yield return $"{pod.Name}: no policy lets anybody in to {name} ({port})";
                }

                foreach (var rule in letting.Where(rule => !IsFrom(name, rule.FromProperty)))
                {
                    yield return $"{pod.Name}: {name} ({port}) lets in others than it should";
                }
            }

            foreach (var rule in rules)
            {
                if (rule.Ports is not { Count: > 0 })
                {
                    yield return $"{pod.Name}: a policy lets in to all ports";
                }

                foreach (var port in (rule.Ports ?? []).Where(port => !ports.Keys.Any(known => port.Port.Value == $"{known}")))
                {
                    yield return $"{pod.Name}: a policy lets in to {port.Port.Value}, where nothing listens";
                }
            }
        }
    }

    /// <summary>Whether those that a rule lets in to the port called <paramref name="name"/> are the ones who belong there.</summary>
    private static bool IsFrom(string name, IList<V1NetworkPolicyPeer>? from) => name switch
    {
        Http => true,
        Ops => from is { Count: > 0 } && from.All(static peer => peer.NamespaceSelector?.MatchLabels?.Contains(KeyValuePair.Create("kubernetes.io/metadata.name", "monitoring")) == true),
        SiloPort or Redis => from is { Count: > 0 }
            && from.All(static peer => peer is { NamespaceSelector: null, IpBlock: null } && peer.PodSelector?.MatchLabels?.Contains(KeyValuePair.Create("app.kubernetes.io/name", "crescent")) == true),
        _ => false,
    };
}
