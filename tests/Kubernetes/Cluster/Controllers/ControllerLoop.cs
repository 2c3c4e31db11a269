using System.Net;
using Crescent.Tests.Kubernetes.Cluster.Api;
using k8s;
using k8s.Autorest;

namespace Crescent.Tests.Kubernetes.Cluster.Controllers;

/// <summary>Looks at every Deployment and StatefulSet whenever something has changed.</summary>
internal sealed class ControllerLoop : IAsyncDisposable
{
    // Availability comes with time alone.
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly ApiStore _store;
    private readonly IKubernetes _api;
    private readonly ClusterLog _log;
    private readonly Task _loop;

    public ControllerLoop(ApiStore store, IKubernetes api, ClusterLog log)
    {
        (_store, _api, _log) = (store, api, log);
        _loop = Loop();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task Loop()
    {
        while (!_stop.IsCancellationRequested)
        {
            var changed = _store.Changed;
            try
            {
                await Look();
                await Task.WhenAny(changed, Task.Delay(Between, _stop.Token));
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
            {
                // It has changed meanwhile: look again.
            }
            catch (Exception e)
            {
                _log.Tell("controllers", e is HttpOperationException http ? http.Response.Content : e.ToString());
                await Task.Delay(Between);
            }
        }
    }

    private async Task Look()
    {
        var (deployments, sets) = (new Deployments(_api), new StatefulSets(_api));
        foreach (var deployment in (await _api.AppsV1.ListDeploymentForAllNamespacesAsync(cancellationToken: _stop.Token)).Items)
        {
            await With((pods, nodes) => deployments.Reconcile(deployment, pods, nodes, _stop.Token));
        }

        foreach (var set in (await _api.AppsV1.ListStatefulSetForAllNamespacesAsync(cancellationToken: _stop.Token)).Items)
        {
            await With((pods, nodes) => sets.Reconcile(set, pods, nodes, _stop.Token));
        }
    }

    private async Task With(Func<IReadOnlyList<k8s.Models.V1Pod>, Nodes, Task> reconcile)
    {
        var pods = (await _api.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: _stop.Token)).Items;
        await reconcile([.. pods], new Nodes((await _api.CoreV1.ListNodeAsync(cancellationToken: _stop.Token)).Items, [.. pods]));
    }
}
