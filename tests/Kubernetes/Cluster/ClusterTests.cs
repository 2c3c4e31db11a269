using System.Net;
using Crescent.Tests.Kubernetes.Cluster.Controllers;
using Crescent.Tests.Kubernetes.Cluster.Load;
using Crescent.Tests.Kubernetes.Cluster.Nodes;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster;

/// <summary>What the manifests and the silo promise of rolls, drains and deaths, seen in a fake of a cluster that runs the real silo in every pod.</summary>
[Collection(nameof(ClusterTests))]
[CollectionDefinition(nameof(ClusterTests), DisableParallelization = true)]
public sealed class ClusterTests(KubernetesCluster cluster, ITestOutputHelper output) : IClassFixture<KubernetesCluster>
{
    private const string Devices = "crescent-device";
    private const string Redis = "crescent-redis";
    private const int Several = 12;

    private static readonly Storm Storm = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rolling_update_of_every_pod_loses_no_token_of_64_streams()
    {
        using var http = await Ready();
        var before = await Silos();
        await Through(http, async () =>
        {
            await cluster.Restart("front");
            await cluster.Restart("device");
            await cluster.AtRest();
        });
        Assert.Empty(before.Intersect(await Silos()));
        Assert.Empty(cluster.Kubelet.CutOff);
    }

    [Fact]
    public async Task A_drain_of_two_nodes_leaves_a_device_by_the_budget_and_loses_no_token()
    {
        using var http = await Ready();
        var nodes = (await cluster.Pods("device")).Select(static pod => pod.Spec.NodeName).ToList();
        Assert.Equal(2, nodes.Distinct().Count());
        var refused = 0;
        var fewest = int.MaxValue;
        await Through(http, async () =>
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var watching = Task.Run(() => Watch(pods => fewest = Math.Min(fewest, pods.Count(static pod => pod.IsReady())), over.Token), Stop);
            refused = (await Task.WhenAll(nodes.Select(cluster.Drain))).Sum();
            await cluster.AtRest();
            await over.CancelAsync();
            await watching;
        });
        await Task.WhenAll(nodes.Select(node => cluster.Cordon(node, false)));
        Assert.Single((await cluster.Pods("device")).Select(static pod => pod.Spec.NodeName).Distinct());
        Assert.True(refused > 0, "Nothing was refused: the budget was not asked.");
        Assert.Equal(1, fewest);
    }

    [Fact]
    public async Task A_device_pod_that_is_killed_at_once_loses_no_token()
    {
        using var http = await Ready();
        var (elsewhere, pod) = (await Elsewhere(), (V1Pod?)null);
        await Through(http, async () =>
        {
            pod = await Busiest();
            cluster.Kubelet.Run(pod).Process!.Kill();
            await cluster.Until(async () => (await Now()).Status.ContainerStatuses[0].RestartCount == pod.Status.ContainerStatuses[0].RestartCount + 1 && (await Now()).IsReady(), "the device is back in its pod");
        });
        Assert.Equal(pod!.Metadata.Uid, (await Now()).Metadata.Uid);
        Assert.True(await Elsewhere() > elsewhere, "No stream went on elsewhere: none was lost.");

        async Task<V1Pod> Now() => (await cluster.Pods("device")).Single(p => p.Metadata.Name == pod!.Metadata.Name);
    }

    [Fact]
    public async Task Scaled_up_and_down_by_who_may_only_that_a_cluster_takes_and_gives_devices_and_loses_no_token()
    {
        using var http = await Ready();
        await Through(http, async () =>
        {
            foreach (var replicas in new[] { 3, 1, 2 })
            {
                await cluster.Scale(Devices, replicas);
                await cluster.AtRest();
                await Sees(replicas);
            }
        });
        Assert.Empty(cluster.Kubelet.CutOff);
    }

    [Fact]
    public async Task A_partition_between_the_front_end_and_a_device_loses_no_token_and_is_over_when_it_is_over()
    {
        using var http = await Ready();
        var front = cluster.Kubelet.Run((await cluster.Pods("front")).Single());
        await Through(http, async () =>
        {
            var device = cluster.Kubelet.Run(await Busiest());
            var elsewhere = await Elsewhere();
            await PodNetwork.Cut(front.Space, device.Address!);
            await PodNetwork.Cut(device.Space, front.Address!);
            await cluster.Until(async () => await Elsewhere() > elsewhere, "streams have left the device");
            await PodNetwork.Mend(front.Space, device.Address!);
            await PodNetwork.Mend(device.Space, front.Address!);
            await Sees(2);
            await cluster.AtRest();
        });
    }

    [Fact]
    public async Task A_pod_that_finds_no_store_waits_for_it_and_is_not_restarted()
    {
        using var http = await Ready();
        await cluster.Scale(Redis, 0);
        await cluster.Until(async () => (await cluster.Pods("store")).Count == 0, "the store is gone");
        await cluster.Api.CoreV1.DeleteNamespacedPodAsync($"{Devices}-1", KubernetesCluster.Space, cancellationToken: Stop);
        await cluster.Until(async () => await Waiting() is { Status.ContainerStatuses: [{ Started: true }] }, "the pod waits");
        var pod = (await Waiting())!;
        var (code, said) = await KubernetesCluster.Ops(pod, "/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains("waiting_for_store", said, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await KubernetesCluster.Ops(pod, "/health/live")).Code);
        Assert.NotNull(await Question.Of(0).Ask(http, Stop));
        await cluster.Scale(Redis, 1);
        await cluster.AtRest();
        pod = (await cluster.Pods("device"))[1];
        Assert.Equal((0, true), (pod.Status.ContainerStatuses[0].RestartCount, pod.IsReady()));

        // The one before it could tell nobody that it left, and ended all the same.
        Assert.Empty(cluster.Kubelet.CutOff);

        async Task<V1Pod?> Waiting() => (await cluster.Pods("device")).SingleOrDefault(static p => p.Metadata.Name == $"{Devices}-1" && !p.IsGoing());
    }

    private async Task<HttpClient> Ready()
    {
        await cluster.Start();
        var http = cluster.Service();
        await Sees(2);
        await Storm.Learn(http, Stop);
        return http;
    }

    private async Task<IReadOnlyList<string>> Silos() => [.. (await cluster.Pods("front")).Concat(await cluster.Pods("device")).Select(static pod => pod.Metadata.Uid)];

    /// <summary>Waits until every front end sees so many devices that take work.</summary>
    private async Task Sees(int devices) => await cluster.Until(
        async () => await Task.WhenAll((await cluster.Pods("front")).Where(static pod => pod.IsReady()).Select(static pod => KubernetesCluster.Ops(pod, "/health"))) is { Length: > 0 } all
            && all.All(answer => answer.Said.Contains($"\"devices\": {devices},", StringComparison.Ordinal) || answer.Said.Contains($"\"devices\":{devices},", StringComparison.Ordinal)),
        $"the front end sees {devices} devices");

    /// <summary>The pod of the device with the most sequences in its batch, once those are several: where one alone is, it may end before it is disturbed.</summary>
    private async Task<V1Pod> Busiest()
    {
        V1Pod? found = null;
        await cluster.Until(
            async () =>
            {
                foreach (var pod in await cluster.Pods("device"))
                {
                    found = found is null && await Metric(pod, "vllm:num_requests_running") >= Several ? pod : found;
                }

                return found is not null;
            },
            $"a device has {Several} sequences");
        return found!;
    }

    /// <summary>Streams that have gone on elsewhere: those of a device that is lost, and of one that is not heard of.</summary>
    private async Task<double> Elsewhere()
    {
        var front = (await cluster.Pods("front")).Single(static pod => pod.IsReady());
        return await Metric(front, "crescent:streams_resumed_total") + await Metric(front, "crescent:streams_moved_total");
    }

    private static async Task<double> Metric(V1Pod pod, string name) => (await KubernetesCluster.Ops(pod, "/metrics")).Said.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal)).Sum(static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));

    private async Task Watch(Action<IReadOnlyList<V1Pod>> see, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            see(await cluster.Pods("device"));
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private async Task Through(HttpClient http, Func<Task> disturbance)
    {
        try
        {
            var (answers, refused) = await Storm.Through(http, disturbance, Stop);
            output.WriteLine($"{answers} answers, {refused} calls refused and asked again: {string.Join('\n', Storm.Refusals)}");
            Assert.Equal(0, refused);
        }
        finally
        {
            output.WriteLine(cluster.Told);
        }
    }
}
