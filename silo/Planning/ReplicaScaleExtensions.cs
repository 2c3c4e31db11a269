using Crescent.Grains.Planning;
using Crescent.Silo.Configuration;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace Crescent.Silo.Planning;

/// <summary>What has the device replicas, as the settings say.</summary>
internal static class ReplicaScaleExtensions
{
    private const string Account = "/var/run/secrets/kubernetes.io/serviceaccount/";

    /// <summary>Adds it, where a StatefulSet is named.</summary>
    /// <exception cref="StartException">There is no API server to ask, or no namespace to ask in.</exception>
    public static void AddReplicaScale(this IServiceCollection services, IConfiguration configuration)
    {
        var options = Settings.Bind<PlannerOptions>(configuration, PlannerOptions.Section);

        // Device silos neither plan nor have a token.
        if (options.Set is not { Length: > 0 } set || options.Does == PlannerMode.Off || !File.Exists(Account + "token"))
        {
            if (options is { Set.Length: > 0, Does: PlannerMode.Apply } && configuration[Settings.Role.Key] != "device")
            {
                throw new StartException($"{Settings.PlannerSet} {options.Set} needs a token for the API server in {Account}; give the pod a service account and mount it (k8s/components/planner).");
            }

            return;
        }

        try
        {
            var space = options.Namespace ?? File.ReadAllText(Account + "namespace").Trim();
            services.AddSingleton<IReplicaScale>(new StatefulSetScale(new Kubernetes(Client(options)), set, space));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KubeConfigException)
        {
            throw new StartException($"{Settings.PlannerSet} {set}: what a pod has of its cluster cannot be read: {e.Message}", e);
        }
    }

    private static KubernetesClientConfiguration Client(PlannerOptions options) => options.Api is { } api
        ? new KubernetesClientConfiguration { Host = api, TokenProvider = new TokenFileAuth(Account + "token") }
        : KubernetesClientConfiguration.InClusterConfig();
}
