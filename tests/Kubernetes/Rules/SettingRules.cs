using System.Globalization;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Rules;

/// <summary>That silos know the settings of their pods and take them, and that ports, names and times agree with the manifests around.</summary>
internal static class SettingRules
{
    /// <summary>Variables that are no settings.</summary>
    private static readonly string[] Others = ["CRESCENT_HOME", "DOTNET_EnableDiagnostics", "DOTNET_PROCESSOR_COUNT", "NVIDIA_DRIVER_CAPABILITIES", "POD_INDEX"];

    /// <summary>Sections whose keys are names of the factory.</summary>
    private static readonly string[] Open = ["Crescent:Power:Racks:", "Crescent:Power:Nodes:", "Crescent:Power:Devices:"];

    public static IEnumerable<string> Faults(Manifests manifests) => manifests.Silos.SelectMany(pod => Of(pod, manifests).Select(fault => $"{pod.Name}: {fault}"));

    private static IEnumerable<string> Of(PodPlan pod, Manifests manifests)
    {
        var environment = new SiloEnvironment(pod, manifests);
        var known = Settings.All.Select(static setting => setting.Key).ToHashSet(StringComparer.Ordinal);
        var unknown = environment.Errors
            .Concat(environment.Keys.Where(key => !known.Contains(key) && !Array.Exists(Open, section => key.StartsWith(section, StringComparison.Ordinal))).Select(static key => $"there is no setting {key}"))
            .Concat(environment.Variables.Keys.Where(static name => !name.StartsWith("Crescent__", StringComparison.Ordinal)).Except(Others).Select(static name => $"nothing reads {name}"))
            .Concat(Refused(environment))
            .ToList();

        // What is refused cannot be compared with anything.
        return unknown.Count > 0 ? unknown : Ports(pod, environment).Concat(Times(pod, environment)).Concat(Names(pod, environment, manifests)).Concat(Shares(pod, environment));
    }

    /// <summary>Values that a silo refuses at its start.</summary>
    private static IEnumerable<string> Refused(SiloEnvironment environment)
    {
        var configuration = environment.Configuration();

        // A volume is not here.
        var model = configuration[Settings.Model.Key] is { } path && path.StartsWith("/models/", StringComparison.Ordinal) ? TestFiles.TinyModel : configuration[Settings.Model.Key];
        var here = environment.Configuration((Settings.Model.Key, model));
        return new Action[]
        {
            () => Settings.Read<ClusterOptions>(configuration),
            () => Settings.Read<HttpOptions>(configuration),
            () => Settings.Read<StoreOptions>(configuration),
            () => Settings.Read<TelemetryOptions>(configuration),
            () => SiloNetwork.CheckExposure(Settings.Read<NetworkOptions>(configuration), AuthOptions.Read(configuration), new SiloIdentity("a", SiloRole.Device, "b", "c", 11111, 0)),
            () => Settings.Read<ServingOptions>(here),
            () =>
            {
                var http = Settings.Read<HttpOptions>(configuration);
                AuthOptions.Read(configuration).CheckExposure(Settings.OpsUrls, http.Addresses.Concat(http.OpsAddresses));
            },
        }.Select(static read => Record.Exception(read)?.Message).OfType<string>();
    }

    private static IEnumerable<string> Ports(PodPlan pod, SiloEnvironment environment)
    {
        var configuration = environment.Configuration();
        var http = Settings.Read<HttpOptions>(configuration);
        var listens = new Dictionary<string, int>
        {
            ["silo"] = Settings.Read<ClusterOptions>(configuration).SiloPort,
            ["ops"] = http.OpsAddresses.Single().Port,
        };
        if (configuration[Settings.Role.Key] != "device")
        {
            listens["http"] = http.Addresses.Single().Port;
        }

        return pod.Silo.Ports.ToDictionary(static port => port.Name, static port => port.ContainerPort).Except(listens).Concat(
                listens.Except(pod.Silo.Ports.ToDictionary(static port => port.Name, static port => port.ContainerPort)))
            .Select(static port => $"port {port.Key} is {port.Value} in one place and something else in another");
    }

    private static IEnumerable<string> Times(PodPlan pod, SiloEnvironment environment)
    {
        var pause = TimeSpan.FromSeconds(pod.Silo.Lifecycle?.PreStop?.Sleep?.Seconds ?? 0);
        var stop = pause + SiloHost.StopTime(environment.Configuration());
        var grace = TimeSpan.FromSeconds(pod.Spec.TerminationGracePeriodSeconds ?? 30);
        return grace > stop ? [] : [$"its stop may take {stop.TotalSeconds} s, and it is killed after {grace.TotalSeconds} s"];
    }

    /// <summary>A front end must take the names that callers have for it.</summary>
    private static IEnumerable<string> Names(PodPlan pod, SiloEnvironment environment, Manifests manifests)
    {
        var allowed = (environment.Configuration()[Settings.AllowedHosts.Key] ?? "").Split(';');
        var called = manifests.All<V1Service>()
            .Where(service => service.Spec.Ports.Any(static port => port.Name == "http") && service.Spec.Selector.All(wanted => pod.Labels.GetValueOrDefault(wanted.Key) == wanted.Value))
            .SelectMany(static service => new[] { "", $".{service.Metadata.NamespaceProperty}", $".{service.Metadata.NamespaceProperty}.svc", $".{service.Metadata.NamespaceProperty}.svc.cluster.local" }
                .Select(end => service.Metadata.Name + end))
            .ToList();
        if (called.Count > 0 && manifests.Others.TryGetValue("HTTPRoute", out var route))
        {
            var lines = route.Split('\n').SkipWhile(static line => !line.TrimStart().StartsWith("hostnames:", StringComparison.Ordinal)).Skip(1);
            called.AddRange(lines.TakeWhile(static line => line.TrimStart().StartsWith("- ", StringComparison.Ordinal)).Select(static line => line.Trim()[2..]));
        }

        return called.Except(allowed).Select(static name => $"it is called {name}, and refuses that name");
    }

    /// <summary>All simulated devices are somebody's.</summary>
    private static IEnumerable<string> Shares(PodPlan pod, SiloEnvironment environment) =>
        environment.Configuration()[Settings.DeviceShare.Key] is { } share && DeviceShare.Parse(share).Of != pod.Replicas
            ? [$"each takes a share of {share}, and there are {pod.Replicas?.ToString(CultureInfo.InvariantCulture) ?? "some"}"]
            : [];
}
