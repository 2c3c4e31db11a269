using Crescent.Grains.Planning;
using Crescent.Silo.Planning;
using Crescent.Tests.Kubernetes;
using Crescent.Tests.Kubernetes.Cluster.Api;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Silo.Planning;

/// <summary>What a planner asks of Kubernetes, against the fake API server, as the account that the manifests give it and with its Role.</summary>
public sealed class StatefulSetScaleTests : IAsyncLifetime
{
    private const string Space = "crescent";
    private const string Set = "crescent-device";

    private ApiServer _server = null!;
    private k8s.Kubernetes _admin = null!;
    private k8s.Kubernetes _planner = null!;
    private StatefulSetScale _scale = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.Start();
        _admin = _server.Client(ApiUser.Admin);
        var manifests = await Overlays.Read("planned");
        foreach (var role in manifests.All<V1Role>())
        {
            await _admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(role, Space, cancellationToken: Stop);
        }

        foreach (var binding in manifests.All<V1RoleBinding>())
        {
            await _admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(binding, Space, cancellationToken: Stop);
        }

        await _admin.CoreV1.CreateNamespacedConfigMapAsync(manifests.All<V1ConfigMap>().Single(static m => m.Metadata.Name == StatefulSetScale.Notes), Space, cancellationToken: Stop);
        var set = manifests.All<V1StatefulSet>().Single();
        set.Spec.Replicas = 2;
        await _admin.AppsV1.CreateNamespacedStatefulSetAsync(set, Space, cancellationToken: Stop);
        _planner = _server.Client(ApiUser.Account(Space, "crescent-planner"));
        _scale = new StatefulSetScale(_planner, Set, Space);
    }

    public async ValueTask DisposeAsync()
    {
        _planner.Dispose();
        _admin.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task It_reads_and_sets_how_many_there_are_and_keeps_what_it_has_set()
    {
        var read = await _scale.Read(Stop);
        Assert.Equal((2, 0, null, null, false), (read.Replicas, read.Ready, read.Planned, read.Leaving, read.IsOff));
        await _scale.Set(5, read, Stop);
        await _scale.Keep(5, "crescent-device-4", Stop);
        read = await _scale.Read(Stop);
        Assert.Equal((5, 5, "crescent-device-4"), (read.Replicas, read.Planned, read.Leaving));
        await _scale.Keep(5, null, Stop);
        Assert.Null((await _scale.Read(Stop)).Leaving);
    }

    [Fact]
    public async Task What_a_person_has_set_meanwhile_is_not_overwritten()
    {
        var read = await _scale.Read(Stop);
        await _admin.AppsV1.PatchNamespacedStatefulSetScaleAsync(new V1Patch("""{"spec":{"replicas":7} }""", V1Patch.PatchType.MergePatch), Set, Space, cancellationToken: Stop);
        var refused = await Assert.ThrowsAsync<ReplicaScaleException>(() => _scale.Set(3, read, Stop));
        Assert.Contains("409", refused.Message, StringComparison.Ordinal);
        Assert.Equal(7, (await _scale.Read(Stop)).Replicas);
    }

    [Fact]
    public async Task A_person_switches_it_off_in_its_notes()
    {
        await _admin.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"data":{"planner":"off"} }""", V1Patch.PatchType.MergePatch), StatefulSetScale.Notes, Space, cancellationToken: Stop);
        Assert.True((await _scale.Read(Stop)).IsOff);
        await _scale.Keep(2, null, Stop);
        Assert.True((await _scale.Read(Stop)).IsOff);
    }

    [Fact]
    public async Task What_it_does_is_an_event_of_the_set()
    {
        await _scale.Read(Stop);
        await _scale.Tell("asks for 3 instead of 2: 3 are needed", Stop);
        var told = Assert.Single((await _admin.CoreV1.ListNamespacedEventAsync(Space, cancellationToken: Stop)).Items);
        Assert.Equal(("asks for 3 instead of 2: 3 are needed", "StatefulSet", Set, "crescent-planner"), (told.Message, told.InvolvedObject.Kind, told.InvolvedObject.Name, told.Source.Component));
        Assert.NotNull(told.InvolvedObject.Uid);
    }

    [Fact]
    public async Task What_its_Role_does_not_say_is_refused_and_told_with_the_remedy()
    {
        var other = new StatefulSetScale(_planner, "crescent-redis", Space);
        var refused = await Assert.ThrowsAsync<ReplicaScaleException>(() => other.Read(Stop));
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
        Assert.Contains("crescent-redis", refused.Message, StringComparison.Ordinal);
        Assert.Contains("k8s/components/planner", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told()
    {
        using var lost = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = "http://127.0.0.1:1" });
        await Assert.ThrowsAsync<ReplicaScaleException>(() => new StatefulSetScale(lost, Set, Space).Read(Stop));
    }

    [Theory]
    [InlineData("crescent-device-0", true)]
    [InlineData("crescent-device-12", true)]
    [InlineData("crescent-device-", false)]
    [InlineData("crescent-device-rack-0", false)]
    [InlineData("front-1", false)]
    public void A_silo_is_a_replica_by_the_name_of_its_pod(string silo, bool isReplica) => Assert.Equal(isReplica, _scale.Has(silo));
}
