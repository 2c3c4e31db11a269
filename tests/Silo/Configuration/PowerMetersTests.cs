using Crescent.Engine.Power;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Configuration;

public sealed class PowerMetersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Automatic_takes_the_counters_where_they_are()
    {
        Assert.Null(PowerMeters.ForProcessor("auto", 1, out var fault, _folder.Path));
        Assert.Contains(_folder.Path, fault, StringComparison.Ordinal);
        Package();
        using var meter = PowerMeters.ForProcessor("auto", 1, out fault, _folder.Path);
        Assert.Equal((PowerSource.Rapl, null), (meter?.Source, fault));
        Assert.Null(PowerMeters.ForProcessor("model", 1, out fault, _folder.Path));
    }

    [Fact]
    public void A_meter_that_is_named_must_be_there()
    {
        var error = Assert.Throws<StartException>(() => PowerMeters.ForProcessor("rapl", 1, out _, _folder.Path));
        Assert.Contains("--power-meter", error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("watts", "cpu", null, "nvml")]
    [InlineData("nvml", "cpu", null, "measures GPUs")]
    [InlineData("rapl", "sim:h100", "sim:llama-3-8b", "simulated")]
    public void A_source_that_the_devices_do_not_have_is_refused(string meter, string devices, string? model, string said)
    {
        var problem = Assert.Single(new ServingOptions { PowerMeter = meter, Devices = devices, Model = model }.Problems());
        Assert.Contains("--power-meter", problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.Ordinal);
    }

    private void Package()
    {
        Directory.CreateDirectory(_folder.At("intel-rapl:0"));
        foreach (var (file, text) in new[] { ("name", "package-0"), ("max_energy_range_uj", "1000000000"), ("energy_uj", "5") })
        {
            File.WriteAllText(Path.Combine(_folder.At("intel-rapl:0"), file), text + "\n");
        }
    }
}
