using System.Text.RegularExpressions;
using k8s;
using k8s.Models;

namespace Crescent.Tests.Kubernetes;

/// <summary>What an overlay is applied as: Kubernetes' own kinds as its objects, read strictly, and of others the YAML.</summary>
internal sealed partial class Manifests
{
    /// <summary>Kinds that others than Kubernetes define, which its client has no models of.</summary>
    private static readonly string[] Foreign = ["HTTPRoute", "PrometheusRule", "ServiceMonitor"];

    private Manifests(string yaml, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> objects, IReadOnlyDictionary<string, string> others) =>
        (Yaml, Objects, Others) = (yaml, objects, others);

    /// <summary>All of it.</summary>
    public string Yaml { get; }

    /// <summary>Kubernetes' own.</summary>
    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects { get; }

    /// <summary>The YAML of the others by kind; there is one of each at most.</summary>
    public IReadOnlyDictionary<string, string> Others { get; }

    /// <summary>All pods that anything makes, with what makes them.</summary>
    public IReadOnlyList<PodPlan> Pods =>
    [
        .. All<V1Deployment>().Select(static d => new PodPlan(d, d.Spec.Template, d.Spec.Selector, d.Spec.Replicas)),
        .. All<V1StatefulSet>().Select(static s => new PodPlan(s, s.Spec.Template, s.Spec.Selector, s.Spec.Replicas)),
    ];

    /// <summary>The pods of Crescent's own program.</summary>
    public IReadOnlyList<PodPlan> Silos => [.. Pods.Where(static pod => pod.IsSilo)];

    /// <summary>Those of a kind.</summary>
    public IEnumerable<T> All<T>() => Objects.OfType<T>();

    /// <summary>Reads <paramref name="yaml"/>; a field that a kind does not have is an error.</summary>
    public static Manifests Read(string yaml)
    {
        var objects = new List<IKubernetesObject<V1ObjectMeta>>();
        var others = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var document in Between().Split(yaml).Where(static text => text.Trim().Length > 0))
        {
            var kind = Kind().Match(document).Groups["kind"].Value;
            if (Foreign.Contains(kind))
            {
                others.Add(kind, document);
            }
            else
            {
                objects.AddRange(KubernetesYaml.LoadAllFromString(document, null, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>());
            }
        }

        return new Manifests(yaml, objects, others);
    }

    /// <summary>Whether <paramref name="labels"/> are those that <paramref name="selector"/> asks for.</summary>
    public static bool Selects(V1LabelSelector? selector, IReadOnlyDictionary<string, string> labels) =>
        selector is not null && (selector.MatchLabels ?? new Dictionary<string, string>()).All(wanted => labels.GetValueOrDefault(wanted.Key) == wanted.Value);

    [GeneratedRegex("^---\r?\n", RegexOptions.Multiline)]
    private static partial Regex Between();

    [GeneratedRegex("^kind: (?<kind>.+)$", RegexOptions.Multiline)]
    private static partial Regex Kind();
}
