using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>One pod on its node, from its network to its end: one container, started again when it ends or is not alive, and ended within its grace period.</summary>
internal sealed class PodRun(V1Pod pod, PodNetwork network, PodMounts mounts, IKubernetes api, ClusterLog log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly TaskCompletionSource _terminate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly V1Container _container = pod.Spec.Containers.Single();
    private PodStand _stand = null!;
    private string _space = "";

    /// <summary>Its name.</summary>
    public string Name => pod.Metadata.Name;

    /// <summary>Its network namespace.</summary>
    public string Space => _space;

    /// <summary>Its address, once it has one.</summary>
    public IPAddress? Address { get; private set; }

    /// <summary>Its process; null between two.</summary>
    public ContainerProcess? Process { get; private set; }

    /// <summary>Whether it had to be killed because it did not end in time.</summary>
    public bool WasCutOff { get; private set; }

    /// <summary>It is to end.</summary>
    public void Terminate() => _terminate.TrySetResult();

    /// <summary>Runs until it has gone.</summary>
    public async Task Run(CancellationToken stop)
    {
        (_space, Address) = await network.Add();
        _stand = new PodStand(pod, Address);
        try
        {
            // The downward API tells the container of it.
            pod.Status = new V1PodStatus { PodIP = Address.ToString() };
            await Tell(stop);
            while (!_terminate.Task.IsCompleted)
            {
                await RunContainer(stop);
            }
        }
        finally
        {
            Process?.Dispose();
            await network.Remove(_space);
        }

        log.Tell(Name, "is gone");
        await api.CoreV1.DeleteNamespacedPodAsync(
            Name, pod.Metadata.NamespaceProperty, new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } }, cancellationToken: stop);
        Directory.Delete(mounts.Own(pod), recursive: true);
    }

    private async Task RunContainer(CancellationToken stop)
    {
        if (_stand.Restarts > 1)
        {
            var pause = FirstPause * Math.Pow(2, _stand.Restarts - 2);
            await Task.WhenAny(_terminate.Task, Task.Delay(pause < LongestPause ? pause : LongestPause, stop));
            stop.ThrowIfCancellationRequested();
            if (_terminate.Task.IsCompleted)
            {
                return;
            }
        }

        using var process = Process = await ContainerProcess.Start(
            _space,
            Path.Combine(mounts.Own(pod), $"process-{_stand.Restarts}.json"),
            await mounts.Of(pod, _container, api, stop),
            pod.Spec.SecurityContext.RunAsUser!.Value,
            [.. await PodEnvironment.Of(pod, _container, api, stop), .. PodPrograms.Variables(_container)],
            PodPrograms.Command(_container));
        log.Tell(Name, $"starts at {Address} on {pod.Spec.NodeName}");
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var unwell = Watch(watching.Token);
        await Task.WhenAny(process.Exited, unwell, _terminate.Task);
        stop.ThrowIfCancellationRequested();
        if (_terminate.Task.IsCompleted)
        {
            await watching.CancelAsync();
            await End(process, stop);
            return;
        }

        if (!process.Exited.IsCompleted)
        {
            log.Tell(Name, $"is started again: {await unwell}");
            await End(process, stop);
        }

        await watching.CancelAsync();
        log.Tell(Name, $"ended with {await process.Exited}:\n{process.Printed}");
        _stand.Turn(false);
        (_stand.IsStarted, _stand.Restarts, Process) = (false, _stand.Restarts + 1, null);
        await Tell(stop);
    }

    /// <summary>Asks its probes until it has to be started again, and says why.</summary>
    private async Task<string> Watch(CancellationToken stop)
    {
        if (_container.StartupProbe is { } startup)
        {
            var probe = new Probing(startup, _container, Address!, _space);
            string? fault;
            for (var failures = 0; (fault = await probe.Ask(stop)) is not null; await Task.Delay(probe.Period, stop))
            {
                if (++failures == probe.FailureThreshold)
                {
                    return $"its startup probe failed {failures} times: {fault}";
                }
            }
        }

        _stand.IsStarted = true;
        log.Tell(Name, "has started");
        await Tell(stop);
        var ready = WatchReadiness(stop);
        var alive = WatchLiveness(stop);
        await await Task.WhenAny(ready, alive);
        return await alive;
    }

    private async Task WatchReadiness(CancellationToken stop)
    {
        var probe = new Probing(_container.ReadinessProbe, _container, Address!, _space);
        for (var failures = 0; ; await Task.Delay(probe.Period, stop))
        {
            var fault = await probe.Ask(stop);
            failures = fault is null ? 0 : failures + 1;
            if ((fault is null || failures >= probe.FailureThreshold) && _stand.Turn(fault is null))
            {
                log.Tell(Name, fault is null ? "is ready" : $"is not ready: {fault}");
                await Tell(stop);
            }
        }
    }

    private async Task<string> WatchLiveness(CancellationToken stop)
    {
        var probe = new Probing(_container.LivenessProbe, _container, Address!, _space);
        for (var failures = 0; ; await Task.Delay(probe.Period, stop))
        {
            var fault = await probe.Ask(stop);
            failures = fault is null ? 0 : failures + 1;
            if (failures == probe.FailureThreshold)
            {
                return $"its liveness probe failed {failures} times: {fault}";
            }
        }
    }

    /// <summary>preStop, SIGTERM, and what the grace period leaves; then SIGKILL.</summary>
    private async Task End(ContainerProcess process, CancellationToken stop)
    {
        var grace = Task.Delay(TimeSpan.FromSeconds(pod.Spec.TerminationGracePeriodSeconds ?? 30), stop);
        if (_container.Lifecycle?.PreStop is { } before)
        {
            var pause = before.Sleep?.Seconds ?? throw new NotSupportedException("Of preStop only sleep is known here.");
            await Task.WhenAny(process.Exited, grace, Task.Delay(TimeSpan.FromSeconds(pause), stop));
        }

        log.Tell(Name, "is told to end");
        process.Stop();
        if (await Task.WhenAny(process.Exited, grace) == grace)
        {
            stop.ThrowIfCancellationRequested();
            WasCutOff = true;
            log.Tell(Name, $"did not end within its grace period:\n{process.Printed}");
            process.Kill();
        }

        log.Tell(Name, $"has ended with {await process.Exited}");
    }

    private async Task Tell(CancellationToken stop)
    {
        try
        {
            await api.CoreV1.PatchNamespacedPodStatusAsync(_stand.Patch(), Name, pod.Metadata.NamespaceProperty, cancellationToken: stop);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
        {
            // Somebody has deleted it for good.
            Terminate();
        }
    }
}
