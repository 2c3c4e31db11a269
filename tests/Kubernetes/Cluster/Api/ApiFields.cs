using System.Text.Json.Nodes;
using k8s;
using YamlDotNet.Core;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>Whether an object has only fields that its kind has, by the models of Kubernetes' client. The real server only warns of others, unless it is asked to be strict.</summary>
internal static class ApiFields
{
    /// <summary>Refuses unknown fields, and values of other types.</summary>
    /// <exception cref="ApiFault">There is one (400).</exception>
    public static void Check(JsonObject it)
    {
        try
        {
            // JSON is YAML as well, and only its reader is strict.
            KubernetesYaml.LoadAllFromString(it.ToJsonString(), null, strict: true);
        }
        catch (YamlException e)
        {
            throw ApiFault.Bad($"strict decoding error: {(e.InnerException ?? e).Message}");
        }
    }
}
