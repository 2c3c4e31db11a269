namespace Crescent.Tests.Kubernetes.Cluster;

/// <summary>The fake of a cluster with a planner in its front end, which may set how many device silos there are.</summary>
public sealed class PlannedCluster : KubernetesCluster
{
    private protected override string Overlay => "planned";
}
