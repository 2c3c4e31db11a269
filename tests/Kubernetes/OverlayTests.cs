using Crescent.Tests.Kubernetes.Rules;

namespace Crescent.Tests.Kubernetes;

/// <summary>Every overlay of <c>k8s/overlays</c>, as kubectl renders it.</summary>
public sealed class OverlayTests
{
    public static TheoryData<string> All => [.. Overlays.Names];

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_overlay_has_no_field_that_its_kind_has_not(string overlay) => Assert.NotEmpty((await Overlays.Read(overlay)).Silos);

    [Theory]
    [MemberData(nameof(All))]
    public async Task Its_pods_have_no_privilege_and_no_token_and_are_bounded(string overlay) => None(PodRules.Faults(await Overlays.Read(overlay)));

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_token_is_for_no_more_than_the_planner_needs(string overlay) => None(AccountRules.Faults(await Overlays.Read(overlay)));

    [Theory]
    [MemberData(nameof(All))]
    public async Task Its_ports_are_reached_by_those_they_are_for_and_nobody_else(string overlay) => None(NetworkRules.Faults(await Overlays.Read(overlay)));

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_its_manifests_name_is_there(string overlay) => None(WholenessRules.Faults(await Overlays.Read(overlay)));

    [Theory]
    [MemberData(nameof(All))]
    public async Task Silos_know_its_settings_and_take_them(string overlay) => None(SettingRules.Faults(await Overlays.Read(overlay)));

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_schemas_of_its_kinds_find_no_fault(string overlay)
    {
        var (isWell, told) = await Schemas.Check(await Overlays.Yaml(overlay));
        Assert.True(isWell, told);
    }

    [Fact]
    public void Every_component_is_in_an_overlay()
    {
        var used = string.Concat(Directory.GetFiles(Path.Combine(Overlays.Folder, "overlays"), "kustomization.yaml", SearchOption.AllDirectories).Select(File.ReadAllText));
        Assert.All(Directory.GetDirectories(Path.Combine(Overlays.Folder, "components")), component => Assert.Contains($"components/{Path.GetFileName(component)}\n", used, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Overlays_that_ask_nobody_for_a_key_are_those_for_trials()
    {
        var open = new List<string>();
        foreach (var overlay in Overlays.Names)
        {
            if ((await Overlays.Yaml(overlay)).Contains("Crescent__Auth__Insecure", StringComparison.Ordinal))
            {
                open.Add(overlay);
            }
        }

        Assert.Equal(["kind", "simulated"], open);
    }

    private static void None(IEnumerable<string> faults)
    {
        var told = string.Join(Environment.NewLine, faults);
        Assert.True(told.Length == 0, told);
    }
}
