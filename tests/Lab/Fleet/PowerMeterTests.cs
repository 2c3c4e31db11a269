using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Fleet;

namespace Crescent.Tests.Lab.Fleet;

public sealed class PowerMeterTests
{
    private const int Gpus = 8;

    private static readonly GpuModel Gpu = GpuModels.Find("h100");

    private readonly PowerMeter _meter = new(FleetSpec.Parse("sim:h100*2:tp8", "sim:llama-3-8b-fp8"), from: 5);

    [Fact]
    public void A_device_is_idle_before_its_first_step_and_stays_awake_for_a_while_after_each()
    {
        _meter.Step(device: 0, start: 6, seconds: 1, watts: 3000);
        _meter.Close(15);
        var idle = Gpus * Gpu.IdleWatts;
        var awake = Gpus * Gpu.AwakeWatts;
        var pauses = idle + (Gpu.AwakeSeconds * awake) + ((8 - Gpu.AwakeSeconds) * idle);
        Assert.Equal(3000 + pauses + (10 * idle), _meter.Joules, 1e-6);
        Assert.Equal(pauses + (10 * idle), _meter.IdleJoules, 1e-6);
    }

    [Fact]
    public void Joules_fall_into_the_quarters_of_a_second_in_which_they_were_used()
    {
        _meter.Step(device: 0, start: 5, seconds: 0.375, watts: 4000);
        _meter.Step(device: 1, start: 5.125, seconds: 0.375, watts: 2000);
        var idle = Gpus * Gpu.IdleWatts;
        Assert.Equal([1000 + 250 + (idle * 0.125), 500 + 500], _meter.Bins.Select(static joules => Math.Round(joules, 6)));
    }

    [Fact]
    public void A_pause_shorter_than_the_clocks_stay_up_costs_no_idle_watts()
    {
        _meter.Step(device: 0, start: 5, seconds: 1, watts: 1000);
        _meter.Step(device: 0, start: 6.5, seconds: 1, watts: 1000);
        Assert.Equal(0.5 * Gpus * Gpu.AwakeWatts, _meter.IdleJoules, 1e-6);
    }
}
