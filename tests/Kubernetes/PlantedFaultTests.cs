using Crescent.Tests.Kubernetes.Rules;

namespace Crescent.Tests.Kubernetes;

/// <summary>That the checks of manifests find what they look for: in each case one line of an overlay is changed.</summary>
public sealed class PlantedFaultTests
{
    [Theory]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "its root can be written")]
    [InlineData("privileged: false", "privileged: true", "it is privileged")]
    [InlineData("runAsUser: 10001", "runAsUser: 0", "it does not run as 10001")]
    [InlineData("enableServiceLinks: false", "hostNetwork: true", "it shares a namespace of its node")]
    [InlineData("          drop:\n", "          add:\n", "it has capabilities")]
    [InlineData("      automountServiceAccountToken: false", "      automountServiceAccountToken: true", "it has a token")]
    [InlineData("crescent:0.1.0", "crescent:latest", "its image is of no version")]
    public async Task A_pod_with_more_than_it_may_is_found(string line, string planted, string said) => Found(PodRules.Faults(await Planted("kind", line, planted)), said);

    [Theory]
    [InlineData("  - statefulsets/scale\n", "  - statefulsets\n", "it may patch apps/statefulsets crescent-device")]
    [InlineData("  resourceNames:\n  - crescent-planner\n", "", "it may patch /configmaps *")]
    [InlineData("kind: Role\n", "kind: ClusterRole\n", "it goes for the whole cluster")]
    [InlineData("- kind: ServiceAccount\n  name: crescent-planner", "- kind: ServiceAccount\n  name: crescent", "ServiceAccount crescent: it is given a role")]
    public async Task A_right_that_the_planner_does_not_need_is_found(string line, string planted, string said) => Found(AccountRules.Faults(await Planted("planned", line, planted)), said);

    [Theory]
    [InlineData("    - port: 9090\n", "    - port: 9091\n", "no policy lets anybody in to ops")]
    [InlineData("kubernetes.io/metadata.name: monitoring", "kubernetes.io/metadata.name: default", "ops (9090) lets in others")]
    [InlineData("    - port: 8080\n", "    - port: 30000\n", "30000, where nothing listens")]
    public async Task A_port_that_others_reach_is_found(string line, string planted, string said) => Found(NetworkRules.Faults(await Planted("kind", line, planted)), said);

    [Theory]
    [InlineData("priorityClassName: crescent-front", "priorityClassName: crescent-fron", "there is no priority crescent-fron")]
    [InlineData("serviceName: crescent-silos", "serviceName: silos", "there is no headless service silos")]
    [InlineData("    targetPort: http\n", "    targetPort: web\n", "has no port web")]
    [InlineData("value: $(POD_INDEX)/4", "value: $(POD_NUMBER)/4", "uses POD_NUMBER")]
    [InlineData("  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/component: front", "  selector:\n    matchLabels:\n      app.kubernetes.io/component: device", "2 budgets of disruption")]
    public async Task A_name_of_nothing_is_found(string line, string planted, string said) => Found(WholenessRules.Faults(await Planted("simulated", line, planted)), said);

    [Theory]
    [InlineData("Crescent__SiloPort:", "Crescent__SilosPort:", "there is no setting Crescent:SilosPort")]
    [InlineData("        - --role\n", "        - --rôle\n", "rôle")]
    [InlineData("- name: CRESCENT_HOME", "- name: CRESCENT_HOUSE", "nothing reads CRESCENT_HOUSE")]
    [InlineData("Crescent__SiloPort: \"11111\"", "Crescent__SiloPort: \"111111\"", "--silo-port")]
    [InlineData("Crescent__SiloPort: \"11111\"", "Crescent__SiloPort: \"11112\"", "port silo is 11111")]
    [InlineData("Crescent__Generation__DrainSeconds: \"60\"", "Crescent__Generation__DrainSeconds: \"600\"", "it is killed after 90 s")]
    [InlineData("Crescent__Auth__Insecure: \"true\"", "Crescent__Auth__Insecure: \"false\"", "it would ask nobody who they are")]
    [InlineData("value: crescent;crescent.crescent;", "value: crescent;", "refuses that name")]
    [InlineData("  replicas: 4\n", "  replicas: 5\n", "and there are 5")]
    [InlineData("sim:h100-sxm*92:tp8", "sim:h900", "--devices")]
    public async Task A_setting_that_a_silo_does_not_have_or_take_is_found(string line, string planted, string said) => Found(SettingRules.Faults(await Planted("simulated", line, planted)), said);

    [Fact]
    public async Task A_field_that_a_kind_does_not_have_is_found()
    {
        var yaml = (await Overlays.Yaml("kind")).Replace("terminationGracePeriodSeconds", "terminationGracePeriodSecond", StringComparison.Ordinal);
        Assert.Contains("terminationGracePeriodSecond", Assert.ThrowsAny<Exception>(() => Manifests.Read(yaml)).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: 7", "boolean")]
    [InlineData("podManagementPolicy: Parallel", "podManagementPolicy: 3", "string")]
    [InlineData("    port: 80\n", "", "required property port")]
    [InlineData("  - name: public\n", "  - sectionName: public\n", "required property name")]
    public async Task What_the_schemas_do_not_allow_is_found(string line, string planted, string said)
    {
        var yaml = await Overlays.Yaml("gateway");
        Assert.Contains(line, yaml, StringComparison.Ordinal);
        var (isWell, told) = await Schemas.Check(yaml.Replace(line, planted, StringComparison.Ordinal));
        Assert.False(isWell, told);
        Assert.Contains(said, told, StringComparison.Ordinal);
    }

    private static async Task<Manifests> Planted(string overlay, string line, string planted)
    {
        var yaml = await Overlays.Yaml(overlay);
        Assert.Contains(line, yaml, StringComparison.Ordinal);
        return Manifests.Read(yaml.Replace(line, planted, StringComparison.Ordinal));
    }

    private static void Found(IEnumerable<string> faults, string said) => Assert.Contains(faults, fault => fault.Contains(said, StringComparison.Ordinal));
}
