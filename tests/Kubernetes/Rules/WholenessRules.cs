using System.Text.RegularExpressions;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Rules;

/// <summary>That what manifests name is there: settings, priorities, ports, pods behind services and budgets, variables in variables.</summary>
internal static partial class WholenessRules
{
    /// <summary>Secrets that whoever applies an overlay makes first; k8s/README.md says how.</summary>
    private static readonly string[] Secrets = ["crescent-keys", "crescent-silo-tls", "crescent-store"];

    public static IEnumerable<string> Faults(Manifests manifests) =>
        manifests.Pods.SelectMany(pod => Of(pod, manifests).Select(fault => $"{pod.Name}: {fault}")).Concat(Services(manifests)).Concat(Scalers(manifests));

    private static IEnumerable<string> Of(PodPlan pod, Manifests manifests)
    {
        var spec = pod.Spec;
        if (!Manifests.Selects(pod.Selector, pod.Labels))
        {
            yield return "its owner does not know it";
        }

        var budgets = manifests.All<V1PodDisruptionBudget>().Count(budget => Manifests.Selects(budget.Spec.Selector, pod.Labels));
        if (budgets != (pod.IsSilo ? 1 : 0))
        {
            // The API server evicts no pod with two.
            yield return $"{budgets} budgets of disruption are its own";
        }

        if (spec.PriorityClassName is { } priority && !manifests.All<V1PriorityClass>().Any(c => c.Metadata.Name == priority))
        {
            yield return $"there is no priority {priority}";
        }

        if (spec.ServiceAccountName is { } account && manifests.All<V1ServiceAccount>().SingleOrDefault(a => a.Metadata.Name == account) is not { AutomountServiceAccountToken: false })
        {
            yield return $"there is no service account {account} without a token";
        }

        if (pod.Owner is V1StatefulSet set && manifests.All<V1Service>().SingleOrDefault(s => s.Metadata.Name == set.Spec.ServiceName) is not { Spec.ClusterIP: "None" })
        {
            yield return $"there is no headless service {set.Spec.ServiceName}";
        }

        foreach (var secret in (spec.Volumes ?? []).Select(static v => v.Secret?.SecretName).OfType<string>().Except(Secrets))
        {
            yield return $"nobody is told to make the secret {secret}";
        }

        foreach (var claim in (spec.ResourceClaims ?? []).Where(claim => !manifests.All<V1ResourceClaimTemplate>().Any(t => t.Metadata.Name == claim.ResourceClaimTemplateName)))
        {
            yield return $"there is no claim {claim.ResourceClaimTemplateName}";
        }

        foreach (var volume in (spec.Volumes ?? []).Where(v => v.PersistentVolumeClaim is { } c && !manifests.All<V1PersistentVolumeClaim>().Any(p => p.Metadata.Name == c.ClaimName)))
        {
            yield return $"there is no volume {volume.PersistentVolumeClaim.ClaimName}";
        }

        foreach (var container in pod.Containers)
        {
            foreach (var map in (container.EnvFrom ?? []).Where(from => !manifests.All<V1ConfigMap>().Any(m => m.Metadata.Name == from.ConfigMapRef?.Name)))
            {
                yield return $"there is no map {map.ConfigMapRef?.Name}";
            }

            var mounts = (container.VolumeMounts ?? []).Select(static mount => mount.Name);
            var volumes = (spec.Volumes ?? []).Select(static v => v.Name).Concat((pod.Owner as V1StatefulSet)?.Spec.VolumeClaimTemplates?.Select(static c => c.Metadata.Name) ?? []);
            foreach (var mount in mounts.Except(volumes))
            {
                yield return $"there is no volume {mount}";
            }

            var probes = new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe }.Select(static probe => probe?.HttpGet?.Port.Value).OfType<string>();
            foreach (var port in probes.Where(port => container.Ports?.Any(p => p.Name == port) != true))
            {
                yield return $"it is probed at {port}, which is no port of it";
            }

            var known = new HashSet<string>(StringComparer.Ordinal);
            foreach (var variable in container.Env ?? [])
            {
                foreach (var used in Used().Matches(variable.Value ?? "").Select(static match => match.Groups["name"].Value).Where(used => !known.Contains(used)))
                {
                    yield return $"{variable.Name} uses {used}, which stands behind it or nowhere";
                }

                known.Add(variable.Name);
            }
        }
    }

    private static IEnumerable<string> Services(Manifests manifests)
    {
        foreach (var service in manifests.All<V1Service>())
        {
            var pods = manifests.Pods.Where(pod => service.Spec.Selector.All(wanted => pod.Labels.GetValueOrDefault(wanted.Key) == wanted.Value)).ToList();
            if (pods.Count == 0)
            {
                yield return $"Service {service.Metadata.Name}: it has no pods";
            }

            foreach (var port in service.Spec.Ports)
            {
                foreach (var pod in pods.Where(pod => !pod.Containers.Any(c => c.Ports?.Any(p => p.Name == port.TargetPort.Value && p.ContainerPort > 0) == true)))
                {
                    yield return $"Service {service.Metadata.Name}: {pod.Name} has no port {port.TargetPort.Value}";
                }
            }
        }
    }

    private static IEnumerable<string> Scalers(Manifests manifests)
    {
        foreach (var scaler in manifests.All<V2HorizontalPodAutoscaler>())
        {
            var of = scaler.Spec.ScaleTargetRef;
            if (manifests.Pods.SingleOrDefault(pod => pod.Owner.Kind == of.Kind && pod.Owner.Metadata.Name == of.Name) is not { } pods)
            {
                yield return $"{scaler.Metadata.Name}: there is no {of.Kind} {of.Name} to scale";
            }
            else if (pods.Replicas is not null)
            {
                yield return $"{scaler.Metadata.Name}: each apply would set {of.Name} back to {pods.Replicas}";
            }
        }
    }

    [GeneratedRegex(@"\$\((?<name>[^)]+)\)")]
    private static partial Regex Used();
}
