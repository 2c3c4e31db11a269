using Crescent.Engine.Power;
using Crescent.Engine.Power.Rapl;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Power.Rapl;

/// <summary>The meter over folders laid out like the kernel's.</summary>
public sealed class RaplMeterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Joules_are_the_packages_sum_times_the_share_of_the_threads()
    {
        Domain("intel-rapl:0", "package-0", 5_000_000);
        Domain("intel-rapl:1", "package-1", 7_000_000);
        using var meter = Open(threads: 4, processors: "0-15");
        Assert.Equal((2, 0.25), (meter.Packages, meter.Share));
        Assert.Equal(0, meter.Read().Joules);
        Count("intel-rapl:0", 25_000_000);
        Count("intel-rapl:1", 17_000_000);
        _time.Advance(TimeSpan.FromSeconds(3));
        var reading = meter.Read();
        Assert.Equal((PowerSource.Rapl, 7.5, null), (reading.Source, reading.Joules, reading.Watts));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(2), reading.Age(_time));
    }

    [Fact]
    public void A_counter_that_began_again_goes_on_from_its_range()
    {
        Domain("intel-rapl:0", "package-0", 262_000_000, range: 262_143_328_850);
        using var meter = Open(threads: 2, processors: "0-1");
        Count("intel-rapl:0", 262_143_000_000);
        meter.Read();
        Count("intel-rapl:0", 671_150);
        Assert.Equal(262_143.328850 - 262 + 0.671150, meter.Read().Joules!.Value, 1e-9);
        Count("intel-rapl:0", 1_671_150);
        Assert.Equal(262_143.328850 - 262 + 1.671150, meter.Read().Joules!.Value, 1e-9);
    }

    [Fact]
    public void Domains_within_a_package_and_around_it_do_not_count_twice()
    {
        Domain("intel-rapl:0", "package-0", 0);
        Domain("intel-rapl:0:0", "core", 0);
        Domain("intel-rapl:1", "psys", 0);
        using var meter = Open(threads: 1, processors: "0");
        foreach (var domain in (string[])["intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1"])
        {
            Count(domain, 3_000_000);
        }

        Assert.Equal(3, meter.Read().Joules);
    }

    [Fact]
    public void A_counter_that_cannot_be_read_is_missing_and_comes_back()
    {
        Domain("intel-rapl:0", "package-0", 0);
        using var meter = Open(threads: 1, processors: "0");
        Write("intel-rapl:0", "energy_uj", "busy");
        Assert.False(meter.Read().IsAvailable);
        Count("intel-rapl:0", 9_000_000);
        Assert.Equal(9, meter.Read().Joules);
    }

    [Fact]
    public void A_meter_that_was_closed_gives_empty_readings()
    {
        Domain("intel-rapl:0", "package-0", 0);
        var meter = Open(threads: 1, processors: "0");
        meter.Dispose();
        Assert.False(meter.Read().IsAvailable);
    }

    [Fact]
    public void Where_there_are_no_counters_it_says_so()
    {
        Assert.False(RaplMeter.TryOpen(1, out _, out var fault, _folder.At("none")));
        Assert.Contains("does not offer it", fault, StringComparison.Ordinal);
        Domain("intel-rapl:0", "package-0", 0);
        File.Delete(Path.Combine(_folder.At("intel-rapl:0"), "energy_uj"));
        Assert.False(RaplMeter.TryOpen(1, out _, out fault, _folder.Path));
        Assert.Contains("intel-rapl:0", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_counter_for_root_only_is_named_with_the_remedy()
    {
        Domain("intel-rapl:0", "package-0", 0);

        // Root may read every file; to open a folder as one is denied to everybody.
        File.Delete(Path.Combine(_folder.At("intel-rapl:0"), "energy_uj"));
        Directory.CreateDirectory(Path.Combine(_folder.At("intel-rapl:0"), "energy_uj"));
        Assert.False(RaplMeter.TryOpen(1, out _, out var fault, _folder.Path));
        Assert.Contains("chmod a+r", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0-3,8,10-11", 7, 1)]
    [InlineData("0", 1, 1)]
    [InlineData("0-1", 4, 1)]
    [InlineData("0-127", 32, 0.25)]
    public void The_share_is_that_of_all_online_processors_and_at_most_all(string online, int threads, double share)
    {
        Domain("intel-rapl:0", "package-0", 0);
        using var meter = Open(threads, online);
        Assert.Equal(share, meter.Share);
    }

    private RaplMeter Open(int threads, string processors)
    {
        File.WriteAllText(_folder.At("online"), processors + "\n");
        Assert.True(RaplMeter.TryOpen(threads, out var meter, out var fault, _folder.Path, _folder.At("online"), _time), fault);
        return meter;
    }

    private void Domain(string folder, string name, long microjoules, long range = 262_143_328_850)
    {
        Directory.CreateDirectory(_folder.At(folder));
        Write(folder, "name", name);
        Write(folder, "max_energy_range_uj", $"{range}");
        Count(folder, microjoules);
    }

    private void Count(string folder, long microjoules) => Write(folder, "energy_uj", $"{microjoules}");

    private void Write(string folder, string file, string text) => File.WriteAllText(Path.Combine(_folder.At(folder), file), text + "\n");
}
