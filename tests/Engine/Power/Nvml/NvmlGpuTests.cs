using Crescent.Engine.Power;
using Crescent.Engine.Power.Nvml;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Power.Nvml;

public sealed class NvmlGpuTests
{
    private readonly FakeNvml _nvml = new();
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(301_500u, 299_000u, 290_000u, 301.5)]
    [InlineData(null, 299_000u, 290_000u, 299.0)]
    [InlineData(null, null, 290_000u, 290.0)]
    public void Watts_are_the_newest_that_the_driver_tells(uint? instant, uint? average, uint? usage, double watts)
    {
        (_nvml.Instant, _nvml.Average, _nvml.Usage) = (instant, average, usage);
        using var gpu = Open();
        var reading = gpu.Meter.Read();
        Assert.Equal((PowerSource.Nvml, watts, null), (reading.Source, reading.Watts, reading.Joules));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), reading.Age(_time));
    }

    [Fact]
    public void Joules_are_the_energy_counters_difference_also_when_the_driver_begins_again()
    {
        _nvml.Energy = 900_000_000_000;
        using var gpu = Open();
        Assert.Equal(0, gpu.Meter.Read().Joules);
        _nvml.Energy += 12_500;
        Assert.Equal(12.5, gpu.Meter.Read().Joules);
        _nvml.Energy = 1_000;
        Assert.Equal(13.5, gpu.Meter.Read().Joules);
        _nvml.Energy = null;
        Assert.False(gpu.Meter.Read().IsAvailable);
    }

    [Fact]
    public void A_GPU_that_tells_nothing_or_is_not_there_is_refused_with_the_reason()
    {
        Assert.False(NvmlGpu.TryOpen(_nvml, FakeNvml.BusId, out _, out var fault, null));
        Assert.Contains("neither its power nor its energy", fault, StringComparison.Ordinal);
        Assert.False(NvmlGpu.TryOpen(_nvml, "0000:99:00.0", out _, out fault, null));
        Assert.Contains("0000:99:00.0", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cap_keeps_to_the_constraints_and_is_restored()
    {
        (_nvml.Usage, _nvml.Constraints, _nvml.Limit) = (100_000, (200_000, 700_000), 650_000);
        using (var gpu = Open())
        {
            var cap = gpu.Cap!;
            Assert.Equal((200, 700, 650), (cap.MinCapWatts, cap.MaxCapWatts, cap.CapWatts));
            Assert.Equal(400, cap.SetCap(400));
            Assert.Equal(700, cap.SetCap(9_000));
            Assert.Equal(200, cap.SetCap(-5));
            Assert.Null(gpu.CapFault);
        }

        Assert.Equal([400_000, 700_000, 200_000, 650_000], _nvml.LimitsSet);
    }

    [Fact]
    public void A_cap_that_was_never_set_is_left_alone()
    {
        (_nvml.Usage, _nvml.Constraints, _nvml.Limit) = (100_000, (200_000, 700_000), 650_000);
        Open().Dispose();
        Assert.Empty(_nvml.LimitsSet);
    }

    [Fact]
    public void Without_root_the_cap_in_force_stays_and_the_reason_is_told()
    {
        (_nvml.Usage, _nvml.Constraints, _nvml.Limit, _nvml.IsRoot) = (100_000, (200_000, 700_000), 650_000, false);
        using var gpu = Open();
        Assert.Equal(650, gpu.Cap!.SetCap(300));
        Assert.Contains("root", gpu.CapFault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_without_power_limits_has_a_meter_and_no_cap()
    {
        _nvml.Usage = 100_000;
        using var gpu = Open();
        Assert.Null(gpu.Cap);
        Assert.Contains("power limits", gpu.CapFault, StringComparison.Ordinal);
    }

    private NvmlGpu Open()
    {
        Assert.True(NvmlGpu.TryOpen(_nvml, FakeNvml.BusId, out var gpu, out var fault, _time), fault);
        return gpu;
    }
}
