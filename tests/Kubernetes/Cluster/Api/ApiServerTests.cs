using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>The fake API server as Kubernetes' own client finds it.</summary>
public sealed class ApiServerTests : IAsyncLifetime
{
    private const string Space = "crescent";

    private ApiServer _server = null!;
    private k8s.Kubernetes _admin = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.Start();
        _admin = _server.Client(ApiUser.Admin);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_write_of_an_older_revision_is_refused_and_one_of_the_newest_is_kept()
    {
        await _admin.CoreV1.CreateNamespacedConfigMapAsync(Map("a", "1"), Space, cancellationToken: Stop);
        var (first, second) = (await Read("a"), await Read("a"));
        first.Data["key"] = "2";
        await _admin.CoreV1.ReplaceNamespacedConfigMapAsync(first, "a", Space, cancellationToken: Stop);
        second.Data["key"] = "3";
        await Refused(HttpStatusCode.Conflict, "Conflict", () => _admin.CoreV1.ReplaceNamespacedConfigMapAsync(second, "a", Space, cancellationToken: Stop));
        Assert.Equal("2", (await Read("a")).Data["key"]);
        await Refused(HttpStatusCode.Conflict, "AlreadyExists", () => _admin.CoreV1.CreateNamespacedConfigMapAsync(Map("a", "1"), Space, cancellationToken: Stop));
        await Refused(HttpStatusCode.NotFound, "NotFound", () => Read("b"));
    }

    [Fact]
    public async Task A_lease_is_renewed_only_by_who_has_read_it()
    {
        var lease = new V1Lease { Metadata = new V1ObjectMeta { Name = "planner" }, Spec = new V1LeaseSpec { HolderIdentity = "one", LeaseDurationSeconds = 15, RenewTime = DateTime.UtcNow } };
        var held = await _admin.CoordinationV1.CreateNamespacedLeaseAsync(lease, Space, cancellationToken: Stop);
        await Refused(HttpStatusCode.UnprocessableEntity, "Invalid", () => _admin.CoordinationV1.ReplaceNamespacedLeaseAsync(lease, "planner", Space, cancellationToken: Stop));
        held.Spec.RenewTime = DateTime.UtcNow.AddSeconds(5);
        await _admin.CoordinationV1.ReplaceNamespacedLeaseAsync(held, "planner", Space, cancellationToken: Stop);
        held.Spec.HolderIdentity = "two";
        await Refused(HttpStatusCode.Conflict, "Conflict", () => _admin.CoordinationV1.ReplaceNamespacedLeaseAsync(held, "planner", Space, cancellationToken: Stop));
    }

    [Fact]
    public async Task A_watch_goes_on_from_a_list_and_tells_of_what_comes_and_goes()
    {
        await _admin.CoreV1.CreateNamespacedConfigMapAsync(Map("old", "1"), Space, cancellationToken: Stop);
        var list = await _admin.CoreV1.ListNamespacedConfigMapAsync(Space, cancellationToken: Stop);
        await _admin.CoreV1.CreateNamespacedConfigMapAsync(Map("new", "1"), "elsewhere", cancellationToken: Stop);
        await _admin.CoreV1.CreateNamespacedConfigMapAsync(Map("new", "1"), Space, cancellationToken: Stop);
        await Patch("new", """{"data":{"key":null,"other":"2"}}""", V1Patch.PatchType.MergePatch);
        await _admin.CoreV1.DeleteNamespacedConfigMapAsync("new", Space, cancellationToken: Stop);
        var told = new List<string>();
        await foreach (var (type, map) in _admin.CoreV1.WatchListNamespacedConfigMapAsync(Space, resourceVersion: list.Metadata.ResourceVersion, allowWatchBookmarks: true, cancellationToken: Stop))
        {
            told.Add($"{type} {map.Metadata.Name} {string.Join(',', (map.Data ?? new Dictionary<string, string>()).Keys)}".TrimEnd());
            if (type == WatchEventType.Bookmark)
            {
                Assert.Equal(_server.Store.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture), map.Metadata.ResourceVersion);
                break;
            }
        }

        Assert.Equal(["Added new key", "Modified new other", "Deleted new other", "Bookmark"], told);
    }

    [Fact]
    public async Task A_watch_from_before_a_compaction_is_told_that_it_is_gone()
    {
        await _admin.CoreV1.CreateNamespacedConfigMapAsync(Map("a", "1"), Space, cancellationToken: Stop);
        var list = await _admin.CoreV1.ListNamespacedConfigMapAsync(Space, cancellationToken: Stop);
        await Patch("a", """{"data":{"key":"2"}}""", V1Patch.PatchType.MergePatch);
        _server.Store.Compact();
        Exception? told = null;
        await foreach (var _ in _admin.CoreV1.WatchListNamespacedConfigMapAsync(Space, resourceVersion: list.Metadata.ResourceVersion, onError: e => told = e, cancellationToken: Stop))
        {
            Assert.Fail("Something is told of what is no longer known.");
        }

        Assert.Equal(410, Assert.IsType<KubernetesException>(told).Status.Code);
    }

    [Fact]
    public async Task A_watch_by_labels_sees_an_object_go_that_loses_its_label()
    {
        var map = Map("a", "1");
        map.Metadata.Labels = new Dictionary<string, string> { ["app"] = "crescent" };
        await _admin.CoreV1.CreateNamespacedConfigMapAsync(map, Space, cancellationToken: Stop);
        var list = await _admin.CoreV1.ListNamespacedConfigMapAsync(Space, labelSelector: "app=crescent", cancellationToken: Stop);
        Assert.Single(list.Items);
        await Patch("a", """{"metadata":{"labels":{"app":"other"}}}""", V1Patch.PatchType.MergePatch);
        await foreach (var (type, _) in _admin.CoreV1.WatchListNamespacedConfigMapAsync(Space, labelSelector: "app=crescent", resourceVersion: list.Metadata.ResourceVersion, cancellationToken: Stop))
        {
            Assert.Equal(WatchEventType.Deleted, type);
            break;
        }
    }

    [Theory]
    [InlineData("""{"spec":{"template":{"spec":{"terminationGracePeriodSecond":5} } } }""")]
    [InlineData("""{"spec":{"replica":3} }""")]
    [InlineData("""{"spec":{"replicas":"many"} }""")]
    public async Task A_field_that_the_kind_has_not_or_not_so_is_refused(string patch)
    {
        await _admin.AppsV1.CreateNamespacedStatefulSetAsync(Set(), Space, cancellationToken: Stop);
        await Refused(HttpStatusCode.BadRequest, "BadRequest", () => _admin.AppsV1.PatchNamespacedStatefulSetAsync(new V1Patch(patch, V1Patch.PatchType.MergePatch), "device", Space, cancellationToken: Stop));
    }

    [Fact]
    public async Task A_merge_patch_replaces_lists_and_a_strategic_one_merges_them_by_name()
    {
        await _admin.AppsV1.CreateNamespacedStatefulSetAsync(Set(), Space, cancellationToken: Stop);
        const string Patch = """{"spec":{"template":{"spec":{"containers":[{"name":"silo","image":"crescent:2"}]}}}}""";
        var merged = await _admin.AppsV1.PatchNamespacedStatefulSetAsync(new V1Patch(Patch, V1Patch.PatchType.StrategicMergePatch), "device", Space, cancellationToken: Stop);
        Assert.Equal([("silo", "crescent:2"), ("beside", "b:1")], merged.Spec.Template.Spec.Containers.Select(static c => (c.Name, c.Image)));
        var replaced = await _admin.AppsV1.PatchNamespacedStatefulSetAsync(new V1Patch(Patch, V1Patch.PatchType.MergePatch), "device", Space, cancellationToken: Stop);
        Assert.Equal([("silo", "crescent:2")], replaced.Spec.Template.Spec.Containers.Select(static c => (c.Name, c.Image)));
        Assert.Equal((1, 2, 3), (Set().Metadata.Generation ?? 1, merged.Metadata.Generation, replaced.Metadata.Generation));
    }

    [Fact]
    public async Task Scale_changes_the_replicas_and_nothing_else_and_is_refused_when_stale()
    {
        await _admin.AppsV1.CreateNamespacedStatefulSetAsync(Set(), Space, cancellationToken: Stop);
        var scale = await _admin.AppsV1.ReadNamespacedStatefulSetScaleAsync("device", Space, cancellationToken: Stop);
        Assert.Equal((2, "app=device"), (scale.Spec.Replicas, scale.Status.Selector));
        scale.Spec.Replicas = 5;
        await _admin.AppsV1.ReplaceNamespacedStatefulSetScaleAsync(scale, "device", Space, cancellationToken: Stop);
        await Refused(HttpStatusCode.Conflict, "Conflict", () => _admin.AppsV1.ReplaceNamespacedStatefulSetScaleAsync(scale, "device", Space, cancellationToken: Stop));
        await _admin.AppsV1.PatchNamespacedStatefulSetScaleAsync(new V1Patch("""{"spec":{"replicas":3}}""", V1Patch.PatchType.MergePatch), "device", Space, cancellationToken: Stop);
        var set = await _admin.AppsV1.ReadNamespacedStatefulSetAsync("device", Space, cancellationToken: Stop);
        Assert.Equal((3, 2), (set.Spec.Replicas, set.Spec.Template.Spec.Containers.Count));
        await Refused(
            HttpStatusCode.UnprocessableEntity,
            "Invalid",
            () => _admin.AppsV1.PatchNamespacedStatefulSetScaleAsync(new V1Patch("""{"spec":{"replicas":-1}}""", V1Patch.PatchType.MergePatch), "device", Space, cancellationToken: Stop));
    }

    [Fact]
    public async Task Status_is_written_by_itself()
    {
        await _admin.AppsV1.CreateNamespacedStatefulSetAsync(Set(), Space, cancellationToken: Stop);
        await _admin.AppsV1.PatchNamespacedStatefulSetStatusAsync(
            new V1Patch("""{"spec":{"replicas":9},"status":{"replicas":2}}""", V1Patch.PatchType.MergePatch), "device", Space, cancellationToken: Stop);
        await _admin.AppsV1.PatchNamespacedStatefulSetAsync(
            new V1Patch("""{"spec":{"replicas":4},"status":{"replicas":7}}""", V1Patch.PatchType.MergePatch), "device", Space, cancellationToken: Stop);
        var set = await _admin.AppsV1.ReadNamespacedStatefulSetAsync("device", Space, cancellationToken: Stop);
        Assert.Equal((4, 2), (set.Spec.Replicas, set.Status.Replicas));
    }

    [Fact]
    public async Task A_service_account_may_what_its_role_says_and_no_more()
    {
        await _admin.AppsV1.CreateNamespacedStatefulSetAsync(Set(), Space, cancellationToken: Stop);
        using var planner = _server.Client(ApiUser.Account(Space, "planner"));
        await Refused(HttpStatusCode.Forbidden, "Forbidden", () => planner.AppsV1.ReadNamespacedStatefulSetScaleAsync("device", Space, cancellationToken: Stop));
        await Grant("planner", new V1PolicyRule { ApiGroups = ["apps"], Resources = ["statefulsets/scale"], ResourceNames = ["device"], Verbs = ["get", "patch"] });
        await planner.AppsV1.ReadNamespacedStatefulSetScaleAsync("device", Space, cancellationToken: Stop);
        var patch = new V1Patch("""{"spec":{"replicas":3}}""", V1Patch.PatchType.MergePatch);
        await planner.AppsV1.PatchNamespacedStatefulSetScaleAsync(patch, "device", Space, cancellationToken: Stop);

        // Another verb, another object, the object itself, another namespace, another account.
        await Forbidden("update", async () => await planner.AppsV1.ReplaceNamespacedStatefulSetScaleAsync(new V1Scale(), "device", Space, cancellationToken: Stop));
        await Forbidden("\"front\"", async () => await planner.AppsV1.PatchNamespacedStatefulSetScaleAsync(patch, "front", Space, cancellationToken: Stop));
        await Forbidden("resource \"statefulsets\"", async () => await planner.AppsV1.PatchNamespacedStatefulSetAsync(patch, "device", Space, cancellationToken: Stop));
        await Forbidden("\"other\"", async () => await planner.AppsV1.ReadNamespacedStatefulSetScaleAsync("device", "other", cancellationToken: Stop));
        using var stranger = _server.Client(ApiUser.Account("other", "planner"));
        await Forbidden("other:planner", async () => await stranger.AppsV1.ReadNamespacedStatefulSetScaleAsync("device", Space, cancellationToken: Stop));
    }

    [Fact]
    public async Task Nobody_without_a_token_may_anything_and_a_token_of_nobody_is_refused()
    {
        using var anonymous = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = _server.Url.ToString() });
        await Refused(HttpStatusCode.Forbidden, "Forbidden", () => anonymous.CoreV1.ListNamespacedPodAsync(Space, cancellationToken: Stop));
        using var false_ = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = _server.Url.ToString(), AccessToken = "nobody" });
        await Refused(HttpStatusCode.Unauthorized, "Unauthorized", () => false_.CoreV1.ListNamespacedPodAsync(Space, cancellationToken: Stop));
    }

    [Theory]
    [InlineData("1", null, 2, false)]
    [InlineData("1", null, 1, true)]
    [InlineData(null, "2", 2, true)]
    [InlineData(null, "50%", 2, false)]
    public async Task An_eviction_is_refused_where_too_few_would_be_ready(string? maxUnavailable, string? minAvailable, int ready, bool isRefused)
    {
        await _admin.AppsV1.CreateNamespacedStatefulSetAsync(Set(), Space, cancellationToken: Stop);
        var selector = Set().Spec.Selector;
        var budget = new V1PodDisruptionBudget { Metadata = new V1ObjectMeta { Name = "b" }, Spec = new V1PodDisruptionBudgetSpec { MaxUnavailable = maxUnavailable, MinAvailable = minAvailable, Selector = selector } };
        await _admin.PolicyV1.CreateNamespacedPodDisruptionBudgetAsync(budget, Space, cancellationToken: Stop);
        for (var number = 0; number < 2; number++)
        {
            var spec = Set().Spec.Template.Spec;
            spec.NodeName = "node";
            var pod = new V1Pod { Metadata = new V1ObjectMeta { Name = $"device-{number}", Labels = selector.MatchLabels }, Spec = spec };
            await _admin.CoreV1.CreateNamespacedPodAsync(pod, Space, cancellationToken: Stop);
            await _admin.CoreV1.PatchNamespacedPodStatusAsync(
                new V1Patch($$"""{"status":{"conditions":[{"type":"Ready","status":"{{(number < ready ? "True" : "False")}}"}]} }""", V1Patch.PatchType.MergePatch), $"device-{number}", Space, cancellationToken: Stop);
        }

        var eviction = new V1Eviction { Metadata = new V1ObjectMeta { Name = "device-0" } };
        Task Evict() => _admin.CoreV1.CreateNamespacedPodEvictionAsync(eviction, "device-0", Space, cancellationToken: Stop);
        if (isRefused)
        {
            await Refused(HttpStatusCode.TooManyRequests, "TooManyRequests", Evict);
        }
        else
        {
            await Evict();
        }

        Assert.Equal(isRefused, (await _admin.CoreV1.ReadNamespacedPodAsync("device-0", Space, cancellationToken: Stop)).Metadata.DeletionTimestamp is null);
    }

    private static V1ConfigMap Map(string name, string value) => new() { Metadata = new V1ObjectMeta { Name = name }, Data = new Dictionary<string, string> { ["key"] = value } };

    private static V1StatefulSet Set() => new()
    {
        Metadata = new V1ObjectMeta { Name = "device" },
        Spec = new V1StatefulSetSpec
        {
            Replicas = 2,
            ServiceName = "silos",
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "device" } },
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { ["app"] = "device" } },
                Spec = new V1PodSpec { Containers = [new V1Container { Name = "silo", Image = "crescent:1" }, new V1Container { Name = "beside", Image = "b:1" }] },
            },
        },
    };

    private Task<V1ConfigMap> Read(string name) => _admin.CoreV1.ReadNamespacedConfigMapAsync(name, Space, cancellationToken: Stop);

    private Task<V1ConfigMap> Patch(string name, string patch, V1Patch.PatchType type) =>
        _admin.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch(patch, type), name, Space, cancellationToken: Stop);

    private async Task Grant(string account, V1PolicyRule rule)
    {
        await _admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(new V1Role { Metadata = new V1ObjectMeta { Name = "r" }, Rules = [rule] }, Space, cancellationToken: Stop);
        await _admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
            new V1RoleBinding
            {
                Metadata = new V1ObjectMeta { Name = "b" },
                RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = "r" },
                Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = account, NamespaceProperty = Space }],
            },
            Space,
            cancellationToken: Stop);
    }

    private static async Task Forbidden(string said, Func<Task> call) => Assert.Contains(said, await Refused(HttpStatusCode.Forbidden, "Forbidden", call), StringComparison.Ordinal);

    private static async Task<string> Refused(HttpStatusCode code, string reason, Func<Task> call)
    {
        var refusal = await Assert.ThrowsAsync<HttpOperationException>(call);
        var status = KubernetesJson.Deserialize<V1Status>(refusal.Response.Content);
        Assert.Equal((code, reason), (refusal.Response.StatusCode, status.Reason));
        return status.Message;
    }
}
