using System.Text.RegularExpressions;
using Crescent.Silo;
using k8s.Models;
using Microsoft.Extensions.Configuration;

namespace Crescent.Tests.Kubernetes;

/// <summary>What a silo finds in its pod: the variables of its map and its own, with what the downward API would put there, and its arguments.</summary>
internal sealed partial class SiloEnvironment
{
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public SiloEnvironment(PodPlan pod, Manifests manifests)
    {
        var container = pod.Silo;
        foreach (var from in container.EnvFrom ?? [])
        {
            foreach (var (name, value) in manifests.All<V1ConfigMap>().Single(map => map.Metadata.Name == from.ConfigMapRef.Name).Data)
            {
                _variables[name] = value;
            }
        }

        foreach (var variable in container.Env ?? [])
        {
            _variables[variable.Name] = variable.ValueFrom is { } source
                ? Found(source, container)
                : Used().Replace(variable.Value ?? "", match => _variables.GetValueOrDefault(match.Groups["name"].Value, match.Value));
        }

        var given = new Dictionary<string, string?>();
        var command = CommandLine.Create((settings, _) =>
        {
            given = new Dictionary<string, string?>(settings);
            return Task.FromResult(0);
        }).Parse([.. container.Args]);
        Errors = [.. command.Errors.Select(static error => error.Message)];
        if (Errors.Count == 0)
        {
            command.Invoke();
        }

        Given = given;
    }

    /// <summary>By their names.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    /// <summary>What its arguments set, by key.</summary>
    public IReadOnlyDictionary<string, string?> Given { get; }

    /// <summary>What is wrong with its arguments.</summary>
    public IReadOnlyList<string> Errors { get; }

    /// <summary>What is set by variables, by key.</summary>
    public IEnumerable<string> Keys => _variables.Keys.Where(static name => name.StartsWith("Crescent__", StringComparison.Ordinal)).Select(Key);

    /// <summary>As the silo reads it.</summary>
    /// <param name="with">Set instead.</param>
    public IConfiguration Configuration(params (string Key, string? Value)[] with) => new ConfigurationBuilder()
        .AddInMemoryCollection(_variables.Where(static v => v.Key.StartsWith("Crescent__", StringComparison.Ordinal)).Select(static v => KeyValuePair.Create(Key(v.Key), (string?)v.Value)))
        .AddInMemoryCollection(Given)
        .AddInMemoryCollection(with.Select(static w => KeyValuePair.Create(w.Key, w.Value)))
        .Build();

    private static string Key(string variable) => variable.Replace("__", ":", StringComparison.Ordinal);

    private static string Found(V1EnvVarSource source, V1Container container) => source switch
    {
        { FieldRef.FieldPath: "metadata.name" } => "crescent-0",
        { FieldRef.FieldPath: "status.podIP" } => "10.1.2.3",
        { FieldRef.FieldPath: "spec.nodeName" } => "node-1.example",
        { FieldRef.FieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } => "0",

        // Whole CPUs, rounded up.
        { ResourceFieldRef: { Resource: "requests.cpu", Divisor: null } } => $"{Math.Ceiling(container.Resources.Requests["cpu"].ToDecimal()):0}",
        _ => throw new NotSupportedException($"What {source.FieldRef?.FieldPath ?? source.ResourceFieldRef?.Resource} gives is not known here; say it in {nameof(SiloEnvironment)}."),
    };

    [GeneratedRegex(@"\$\((?<name>[^)]+)\)")]
    private static partial Regex Used();
}
