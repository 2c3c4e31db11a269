using k8s.Models;

namespace Crescent.Tests.Kubernetes.Rules;

/// <summary>What every pod must be: without privilege, without a token, with a root that nobody can write, and bounded.</summary>
internal static class PodRules
{
    private const long User = 10001;

    /// <summary>The one account that may have a token; what it may do is a rule of its own.</summary>
    private const string Planner = "crescent-planner";

    public static IEnumerable<string> Faults(Manifests manifests) => manifests.Pods.SelectMany(static pod => Of(pod).Select(fault => $"{pod.Name}: {fault}"));

    private static IEnumerable<string> Of(PodPlan pod)
    {
        var spec = pod.Spec;
        var (security, volumes) = (spec.SecurityContext, spec.Volumes ?? []);
        return new (bool Broken, string Fault)[]
        {
            (spec.AutomountServiceAccountToken != false && spec.ServiceAccountName != Planner, "it has a token for the API server"),
            (spec.ServiceAccountName == Planner && pod.Labels.GetValueOrDefault("app.kubernetes.io/component") != "front", "it has the planner's account, and is no front end"),
            (spec.EnableServiceLinks != false, "addresses of Services come as variables"),
            (spec.HostNetwork == true || spec.HostPID == true || spec.HostIPC == true, "it shares a namespace of its node"),
            (security?.RunAsNonRoot != true || security.RunAsUser != User || security.RunAsGroup != User, $"it does not run as {User}"),
            (security?.SeccompProfile?.Type != "RuntimeDefault", "no seccomp profile holds it"),
            (volumes.Any(static v => v.HostPath is not null), "it sees a folder of its node"),
            (volumes.Any(static v => v.EmptyDir is { SizeLimit: null }), "a folder of it may fill its node"),
            (volumes.Any(static v => v.Secret is { DefaultMode: not (0x120) }), "a secret may be read by others than its user and group"),
            (spec.TerminationGracePeriodSeconds is null, "it does not say how long its end may take"),
        }.Where(static rule => rule.Broken).Select(static rule => rule.Fault)
            .Concat(pod.Containers.SelectMany(static container => Of(container).Select(fault => $"{container.Name}: {fault}")));
    }

    private static IEnumerable<string> Of(V1Container container)
    {
        var (security, resources) = (container.SecurityContext, container.Resources);
        return new (bool Broken, string Fault)[]
        {
            (security?.ReadOnlyRootFilesystem != true, "its root can be written"),
            (security?.AllowPrivilegeEscalation != false, "it may gain privileges"),
            (security?.Privileged != false, "it is privileged"),
            (security?.Capabilities?.Drop?.Contains("ALL") != true || security.Capabilities.Add is { Count: > 0 }, "it has capabilities"),
            (resources?.Limits?.ContainsKey("memory") != true || resources.Requests?.ContainsKey("memory") != true, "its memory has no bound"),
            (resources?.Requests?.ContainsKey("cpu") != true, "it asks for no CPU"),
            (resources?.Limits?.ContainsKey("cpu") == true, "its threads are held back in the middle of a step"),
            (!container.Image.Contains(':', StringComparison.Ordinal) || container.Image.EndsWith(":latest", StringComparison.Ordinal), "its image is of no version"),
            (container.ReadinessProbe is null || container.LivenessProbe is null || container.StartupProbe is null, "a probe is missing"),
        }.Where(static rule => rule.Broken).Select(static rule => rule.Fault);
    }
}
