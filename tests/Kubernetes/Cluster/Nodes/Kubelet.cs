using System.Collections.Concurrent;
using Crescent.Tests.Kubernetes.Cluster.Api;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>The kubelets of all nodes: it starts the pods that are bound to one and ends those that are to go.</summary>
internal sealed class Kubelet : IAsyncDisposable
{
    private const int LastLines = 40;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, PodRun> _runs = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> _tasks = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly PodNetwork _network;
    private readonly PodMounts _mounts;
    private readonly ServiceNames _names;
    private readonly ApiStore _store;
    private readonly IKubernetes _api;
    private readonly ClusterLog _log;
    private readonly Task _loop;

    /// <param name="folder">Where volumes lie.</param>
    /// <param name="network">The network of pods.</param>
    /// <param name="store">Wakes it.</param>
    /// <param name="api">What it asks and tells.</param>
    /// <param name="token">A token for a service account, by its namespace and name.</param>
    /// <param name="log">Told what it does.</param>
    public Kubelet(string folder, PodNetwork network, ApiStore store, IKubernetes api, Func<string, string, string> token, ClusterLog log)
    {
        (_network, _store, _api, _log) = (network, store, api, log);
        _names = new ServiceNames(Path.Combine(folder, "hosts"));
        _names.Write([], []);
        _mounts = new PodMounts(folder, _names.File, token);
        _loop = Loop();
    }

    /// <summary>Pods that had to be killed because they did not end in time.</summary>
    public IReadOnlyList<string> CutOff => [.. _runs.Values.Where(static run => run.WasCutOff).Select(static run => run.Name)];

    /// <summary>What runs, of the pod of that name that came last.</summary>
    public PodRun Run(V1Pod pod) => _runs[pod.Metadata.Uid];

    /// <summary>The last lines that the pods printed which run now.</summary>
    public string Printed => string.Join('\n', _runs.Values.Where(static run => run.Process is { Exited.IsCompleted: false }).Select(static run => $"{run.Name} printed:\n{run.Process!.Last(LastLines)}"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await Task.WhenAll(_tasks);
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
            catch (Exception e)
            {
                _log.Tell("kubelet", e.ToString());
                await Task.Delay(Between);
            }
        }
    }

    private async Task Look()
    {
        var pods = (await _api.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: _stop.Token)).Items;
        _names.Write((await _api.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: _stop.Token)).Items, [.. pods]);
        foreach (var pod in pods.Where(static pod => pod.Spec.NodeName is not null))
        {
            if (!_runs.TryGetValue(pod.Metadata.Uid, out var run))
            {
                _runs[pod.Metadata.Uid] = run = new PodRun(pod, _network, _mounts, _api, _log);
                _tasks.Add(Keep(run));
            }

            if (pod.Metadata.DeletionTimestamp is not null)
            {
                run.Terminate();
            }
        }
    }

    private async Task Keep(PodRun run)
    {
        try
        {
            await run.Run(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The machine is switched off.
        }
        catch (Exception e)
        {
            _log.Tell(run.Name, e.ToString());
        }
    }
}
