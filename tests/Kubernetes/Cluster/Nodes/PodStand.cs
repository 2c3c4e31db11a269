using System.Globalization;
using System.Net;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>How a pod is, as its kubelet tells the API server.</summary>
internal sealed class PodStand(V1Pod pod, IPAddress address)
{
    private DateTime _turned = DateTime.UtcNow;

    /// <summary>Whether its readiness probe succeeds.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Whether its startup probe has succeeded.</summary>
    public bool IsStarted { get; set; }

    /// <summary>Times its container was started again.</summary>
    public int Restarts { get; set; }

    /// <summary>Readiness has been asked for.</summary>
    /// <returns>Whether it has changed.</returns>
    public bool Turn(bool isReady)
    {
        if (IsReady == isReady)
        {
            return false;
        }

        (IsReady, _turned) = (isReady, DateTime.UtcNow);
        return true;
    }

    /// <summary>The same as the patch of a status.</summary>
    public V1Patch Patch()
    {
        var (word, turned) = (IsReady ? "True" : "False", _turned.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        var container = pod.Spec.Containers[0];
        return new V1Patch(
            $$"""
            {"status":{"phase":"Running","podIP":"{{address}}","podIPs":[{"ip":"{{address}}"}],
            "conditions":[{"type":"Ready","status":"{{word}}","lastTransitionTime":"{{turned}}"},{"type":"ContainersReady","status":"{{word}}","lastTransitionTime":"{{turned}}"}],
            "containerStatuses":[{"name":"{{container.Name}}","image":"{{container.Image}}","imageID":"","ready":{{(IsReady ? "true" : "false")}},"started":{{(IsStarted ? "true" : "false")}},"restartCount":{{Restarts}} }] } }
            """,
            V1Patch.PatchType.MergePatch);
    }
}
