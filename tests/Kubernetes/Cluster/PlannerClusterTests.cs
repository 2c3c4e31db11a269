using Crescent.Tests.Kubernetes.Cluster.Load;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster;

/// <summary>The planner with the Role of its manifests, against the fake of a cluster whose pods are real silos.</summary>
[Collection(nameof(ClusterTests))]
public sealed class PlannerClusterTests(PlannedCluster cluster, ITestOutputHelper output) : IClassFixture<PlannedCluster>
{
    private const string Devices = "crescent-device";

    private static readonly Storm Storm = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Device_silos_come_with_load_go_without_it_and_lose_no_token_and_a_persons_number_stands()
    {
        await cluster.Start();
        using var http = cluster.Service();
        try
        {
            await cluster.Until(async () => await Replicas() == 1 && (await Plan()).Contains("\"mode\":\"apply\"", StringComparison.Ordinal), "the planner looks after one device silo");
            await Storm.Learn(http, Stop);
            var (answers, refused) = await Storm.Through(http, () => Serve(3), Stop);
            output.WriteLine($"{answers} answers, {refused} calls refused and asked again: {string.Join('\n', Storm.Refusals)}");
            Assert.Equal(0, refused);

            // With a call or two at a time fewer are needed; those that go have nothing, or give it to others.
            var question = Question.Of(0);
            var undisturbed = await question.Ask(http, Stop);
            var sizes = new List<int>();
            while (await Replicas() > 1)
            {
                sizes.Add(await Replicas());
                Assert.Equal(undisturbed, await question.Ask(http, Stop));
                Assert.True(sizes.Count < 2000, $"It stays at {sizes[^1]}: {await Plan()}\n{cluster.Told}");
            }

            Assert.Contains(2, sizes);
            await cluster.AtRest();
            Assert.Empty(cluster.Kubelet.CutOff);

            await cluster.Api.AppsV1.PatchNamespacedStatefulSetScaleAsync(new V1Patch("""{"spec":{"replicas":2} }""", V1Patch.PatchType.MergePatch), Devices, KubernetesCluster.Space, cancellationToken: Stop);
            await cluster.Until(async () => (await Plan()).Contains("somebody else has set 2", StringComparison.Ordinal), "the planner sees what a person has set");
            await cluster.Until(async () => await Replicas() == 1, "the planner goes on when that has stood its time");

            var events = (await cluster.Api.CoreV1.ListNamespacedEventAsync(KubernetesCluster.Space, cancellationToken: Stop)).Items.Select(static e => e.Message).ToList();
            Assert.Contains(events, static e => e.StartsWith("asks for ", StringComparison.Ordinal));
            Assert.Contains(events, static e => e.StartsWith($"empties {Devices}-", StringComparison.Ordinal));
        }
        finally
        {
            output.WriteLine(cluster.Told);
        }
    }

    private Task Serve(int replicas) => cluster.Until(
        async () => (await cluster.Api.AppsV1.ReadNamespacedStatefulSetAsync(Devices, KubernetesCluster.Space, cancellationToken: Stop)).Status?.ReadyReplicas == replicas, $"{replicas} device silos serve");

    private async Task<int> Replicas() => (await cluster.Api.AppsV1.ReadNamespacedStatefulSetAsync(Devices, KubernetesCluster.Space, cancellationToken: Stop)).Spec.Replicas ?? 1;

    private async Task<string> Plan() => (await KubernetesCluster.Ops((await cluster.Pods("front")).Single(), "/v1/factory/planner")).Said;
}
