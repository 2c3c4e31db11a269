using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Crescent.Tests.Kubernetes.Cluster.Api;
using Crescent.Tests.Kubernetes.Cluster.Controllers;
using Crescent.Tests.Kubernetes.Cluster.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster;

/// <summary>
/// An overlay applied to a fake of a cluster: our API server, controllers and kubelet, three nodes that are this machine, and the real silo and Redis in a network
/// namespace a pod. Started by the first test that asks.
/// </summary>
public class KubernetesCluster : IAsyncDisposable
{
    /// <summary>Where all of it lies.</summary>
    public const string Space = "crescent";

    private const int Nodes = 3;

    /// <summary>The overlay that it runs, a folder beside this file.</summary>
    private protected virtual string Overlay => "quick";

    private readonly SemaphoreSlim _lock = new(1);
    private readonly TemporaryFolder _folder = new();
    private readonly ClusterLog _log = new();
    private PodNetwork? _network;
    private ApiServer? _server;
    private Kubelet? _kubelet;
    private ControllerLoop? _controllers;
    private bool _isUp;

    /// <summary>Kubernetes' client, as who may do all.</summary>
    public k8s.Kubernetes Api { get; private set; } = null!;

    /// <summary>Its server.</summary>
    internal ApiServer Server => _server!;

    /// <summary>Its nodes.</summary>
    internal Kubelet Kubelet => _kubelet!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Has it up and at rest; skips the running test where it cannot be.</summary>
    public async Task Start()
    {
        await _lock.WaitAsync(Stop);
        try
        {
            if (!_isUp)
            {
                await Bring();
                _isUp = true;
            }
        }
        finally
        {
            _lock.Release();
        }

        await AtRest();
    }

    /// <summary>A client of the service of front ends: each request is a connection to one that takes any.</summary>
    public HttpClient Service() => new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        ConnectCallback = async (_, stop) =>
        {
            List<V1Pod> fronts;
            while ((fronts = [.. (await Pods("front")).Where(ServiceNames.IsServing)]).Count == 0)
            {
                // Whoever calls a service without pods is refused, and calls again.
                await Task.Delay(100, stop);
            }

            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Parse(fronts[Random.Shared.Next(fronts.Count)].Status.PodIP), 8080, stop);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://crescent/"),
        Timeout = TimeSpan.FromMinutes(4),
    };

    /// <summary>Pods of a component, in the order of their names.</summary>
    public async Task<IReadOnlyList<V1Pod>> Pods(string component) =>
        [.. (await Api.CoreV1.ListNamespacedPodAsync(Space, labelSelector: $"app.kubernetes.io/component={component}")).Items.OrderBy(static pod => pod.Metadata.Name, StringComparer.Ordinal)];

    /// <summary>Changes the template of what runs a component, so that all its pods are made anew, as <c>kubectl rollout restart</c> does.</summary>
    public async Task Restart(string component)
    {
        var patch = new V1Patch($$"""{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"{{Guid.NewGuid()}}"} } } } }""", V1Patch.PatchType.MergePatch);
        if (component == "front")
        {
            await Api.AppsV1.PatchNamespacedDeploymentAsync(patch, "crescent-front", Space, cancellationToken: Stop);
        }
        else
        {
            await Api.AppsV1.PatchNamespacedStatefulSetAsync(patch, "crescent-device", Space, cancellationToken: Stop);
        }
    }

    /// <summary>Lets no new pod onto a node, and evicts those that are there, as <c>kubectl drain</c> does.</summary>
    /// <returns>Evictions that a budget forbade.</returns>
    public async Task<int> Drain(string node)
    {
        await Cordon(node, true);
        var refused = 0;
        await Until(
            async () =>
            {
                var pods = (await Api.CoreV1.ListNamespacedPodAsync(Space, fieldSelector: $"spec.nodeName={node}", cancellationToken: Stop)).Items;
                foreach (var pod in pods.Where(static pod => !pod.IsGoing()))
                {
                    refused += await Evict(pod) ? 0 : 1;
                }

                return pods.Count == 0;
            },
            $"{node} is drained");
        return refused;
    }

    /// <summary>Whether a node takes new pods.</summary>
    public Task Cordon(string node, bool isCordoned) =>
        Api.CoreV1.PatchNodeAsync(new V1Patch($$"""{"spec":{"unschedulable":{{(isCordoned ? "true" : "false")}} } }""", V1Patch.PatchType.MergePatch), node, cancellationToken: Stop);

    /// <summary>Asks for a pod's eviction.</summary>
    /// <returns>Whether its budget allows it.</returns>
    public async Task<bool> Evict(V1Pod pod)
    {
        try
        {
            await Api.CoreV1.CreateNamespacedPodEvictionAsync(
                new V1Eviction { Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = Space } }, pod.Metadata.Name, Space, cancellationToken: Stop);
            return true;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.TooManyRequests)
        {
            return false;
        }
    }

    /// <summary>Says how many device pods there are to be, by <c>/scale</c> as whoever may do nothing else.</summary>
    public async Task Scale(string set, int replicas)
    {
        using var scaler = Server.Client(ApiUser.Account(Space, "scaler"));
        await scaler.AppsV1.PatchNamespacedStatefulSetScaleAsync(new V1Patch($$"""{"spec":{"replicas":{{replicas}} } }""", V1Patch.PatchType.MergePatch), set, Space, cancellationToken: Stop);
    }

    /// <summary>What a page of a pod's ops address says.</summary>
    public static async Task<(HttpStatusCode Code, string Said)> Ops(V1Pod pod, string path)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync($"http://{pod.Status.PodIP}:9090{path}", Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    /// <summary>Waits until all pods are those that are wanted, and available.</summary>
    public Task AtRest() => Until(
        async () =>
        {
            var front = await Api.AppsV1.ReadNamespacedDeploymentAsync("crescent-front", Space, cancellationToken: Stop);
            var device = await Api.AppsV1.ReadNamespacedStatefulSetAsync("crescent-device", Space, cancellationToken: Stop);
            var store = await Api.AppsV1.ReadNamespacedStatefulSetAsync("crescent-redis", Space, cancellationToken: Stop);
            return IsAtRest(front.Metadata, front.Spec.Replicas, front.Status?.ObservedGeneration, front.Status?.Replicas, front.Status?.UpdatedReplicas, front.Status?.AvailableReplicas)
                && IsAtRest(device.Metadata, device.Spec.Replicas, device.Status?.ObservedGeneration, device.Status?.Replicas, device.Status?.UpdatedReplicas, device.Status?.AvailableReplicas)
                && IsAtRest(store.Metadata, store.Spec.Replicas, store.Status?.ObservedGeneration, store.Status?.Replicas, store.Status?.UpdatedReplicas, store.Status?.AvailableReplicas);
        },
        "all pods are as wanted, and available");

    /// <summary>Waits until something is so; says what the cluster did where it never is.</summary>
    public async Task Until(Func<Task<bool>> condition, string what, int seconds = 180)
    {
        var deadline = DateTime.UtcNow.AddSeconds(seconds);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"Waited {seconds} s in vain until {what}.\n{Told}");
            await Task.Delay(100, Stop);
        }
    }

    /// <summary>What it did.</summary>
    public string Told => $"{_log}\n{_kubelet?.Printed}";

    public async ValueTask DisposeAsync()
    {
        foreach (var part in new IAsyncDisposable?[] { _controllers, _kubelet, _network, _server })
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        Api?.Dispose();
        _folder.Dispose();
        _lock.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task Bring()
    {
        PodPrograms.Require();
        var manifests = Manifests.Read(await Overlays.Render(TestFiles.Project("tests", "Kubernetes", "Cluster", Overlay)));
        _network = await PodNetwork.Create();
        _server = await ApiServer.Start(_network.Node);
        Api = _server.Client(ApiUser.Admin);
        for (var number = 1; number <= Nodes; number++)
        {
            await Api.CoreV1.CreateNodeAsync(new V1Node { Metadata = new V1ObjectMeta { Name = $"node-{number}" } }, cancellationToken: Stop);
        }

        using var http = new HttpClient { BaseAddress = _server.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _server.TokenOf(ApiUser.Admin));
        foreach (var it in manifests.Objects)
        {
            Complete(it);
            var kind = ApiKind.Of(it);
            var within = kind.IsNamespaced ? $"namespaces/{it.Metadata.NamespaceProperty}/" : "";
            using var answer = await http.PostAsync(
                $"{(kind.Group.Length == 0 ? "api" : "apis")}/{kind.ApiVersion}/{within}{kind.Plural}", new StringContent(KubernetesJson.Serialize((object)it), Encoding.UTF8, "application/json"), Stop);
            Assert.True(answer.IsSuccessStatusCode, $"{it.Kind} {it.Metadata.Name}: {await answer.Content.ReadAsStringAsync(Stop)}");
        }

        await Api.RbacAuthorizationV1.CreateNamespacedRoleAsync(
            new V1Role { Metadata = new V1ObjectMeta { Name = "scaler" }, Rules = [new V1PolicyRule { ApiGroups = ["apps"], Resources = ["statefulsets/scale"], Verbs = ["get", "patch"] }] }, Space, cancellationToken: Stop);
        await Api.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
            new V1RoleBinding
            {
                Metadata = new V1ObjectMeta { Name = "scaler" },
                RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = "scaler" },
                Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = "scaler", NamespaceProperty = Space }],
            },
            Space,
            cancellationToken: Stop);
        _kubelet = new Kubelet(_folder.Path, _network, _server.Store, Api, (space, name) => _server.TokenOf(ApiUser.Account(space, name)), _log);
        _controllers = new ControllerLoop(_server.Store, Api, _log);
    }

    /// <summary>What the API server of a cluster makes of an object by default, and what its pods have to know of this one.</summary>
    private void Complete(IKubernetesObject<V1ObjectMeta> it)
    {
        switch (it)
        {
            case V1StatefulSet set:
                set.Spec.Replicas ??= 1;
                break;
            case V1ConfigMap { Data: { } settings } when settings.ContainsKey("Crescent__Planner__Set"):
                settings["Crescent__Planner__Api"] = _server!.PodUrl!.ToString();
                break;
        }
    }

    private static bool IsAtRest(V1ObjectMeta metadata, int? wanted, long? seen, int? there, int? updated, int? available) =>
        seen >= metadata.Generation && there == wanted && (wanted == 0 || (updated == wanted && available == wanted));
}
