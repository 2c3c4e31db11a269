using System.Text.Json.Nodes;
using Crescent.Client.Load.Energy;

namespace Crescent.Tests.Client.Load;

public sealed class HostMeterTests
{
    [Fact]
    public void Packages_are_counted_over_their_wrap_and_what_is_in_them_is_not_counted_again()
    {
        using var folder = new TemporaryFolder();
        Zone(folder, "intel-rapl:0", "package-0", 900_000_000, 1_000_000_000);
        Zone(folder, "intel-rapl:0:0", "core", 5_000_000, 1_000_000_000);
        Zone(folder, "intel-rapl:1", "package-1", 10_000_000, 1_000_000_000);
        Zone(folder, "intel-rapl:2", "psys", 10_000_000, 1_000_000_000);
        var rapl = new RaplPackages(folder.Path);
        Zone(folder, "intel-rapl:0", "package-0", 100_000_000, 1_000_000_000);
        Zone(folder, "intel-rapl:0:0", "core", 50_000_000, 1_000_000_000);
        Zone(folder, "intel-rapl:1", "package-1", 17_000_000, 1_000_000_000);
        Zone(folder, "intel-rapl:2", "psys", 900_000_000, 1_000_000_000);
        Assert.Equal(new EnergyReading("rapl", 207, "package-0, package-1"), rapl.Read());
        File.Delete(folder.At(Path.Combine("intel-rapl:1", "energy_uj")));
        Assert.Null(rapl.Read().Joules);
    }

    [Fact]
    public void A_host_without_meters_says_so()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(new EnergyReading("rapl", null, $"{folder.Path} has no processor package"), new RaplPackages(folder.Path).Read());
        Directory.CreateDirectory(folder.At("intel-rapl:0"));
        File.WriteAllText(folder.At(Path.Combine("intel-rapl:0", "name")), "package-0\n");
        Assert.Equal("its counters may be read by root alone", new RaplPackages(folder.Path).Read().Note);
    }

    [Fact]
    public void A_factory_s_devices_are_summed_up()
    {
        using var http = new HttpClient();
        var watch = new PowerWatch(http);
        Assert.Null(watch.Factory);
        watch.Take((JsonObject)JsonNode.Parse("""{"devices":[{"watts":100.5,"simulated":true,"watts_source":"model"},{"watts":50,"watts_source":"rapl"}]}""")!);
        watch.Take((JsonObject)JsonNode.Parse("""{"devices":[{"watts":250.5}]}""")!);
        watch.Take((JsonObject)JsonNode.Parse("""{"devices":[]}""")!);
        Assert.Equal(new FactoryWatts(200.5, Simulated: true, Modelled: true, 2), watch.Factory);
    }

    private static void Zone(TemporaryFolder folder, string zone, string name, long microjoules, long range)
    {
        Directory.CreateDirectory(folder.At(zone));
        File.WriteAllText(folder.At(Path.Combine(zone, "name")), name + "\n");
        File.WriteAllText(folder.At(Path.Combine(zone, "energy_uj")), $"{microjoules}\n");
        File.WriteAllText(folder.At(Path.Combine(zone, "max_energy_range_uj")), $"{range}\n");
    }
}
