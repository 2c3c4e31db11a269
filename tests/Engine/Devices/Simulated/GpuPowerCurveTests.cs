using Crescent.Engine.Devices.Simulated;

namespace Crescent.Tests.Engine.Devices.Simulated;

public sealed class GpuPowerCurveTests
{
    // Measured decode power of serving engines, W.
    [Theory]
    [InlineData("h100-sxm", 1, 304)]
    [InlineData("h100-sxm", 16, 435)]
    [InlineData("h100-sxm", 64, 557)]
    public void Decode_draws_what_was_measured(string gpu, int batch, double watts) =>
        Assert.Equal(watts, new GpuPowerCurve(GpuModels.Find(gpu)).DecodeWatts(batch), 20.0);

    [Fact]
    public void Prefill_under_seven_tenths_of_the_tdp_runs_at_84_percent_of_the_clock()
    {
        var curve = new GpuPowerCurve(GpuModels.Find("h100"));
        var clock = curve.Clock(0.7 * 700, curve.PrefillWatts, prefillShare: 1);
        Assert.Equal(0.84, clock, 0.01);
        Assert.Equal(0.7 * 700, curve.Watts(curve.PrefillWatts, clock, 1), 0.1);
    }

    [Fact]
    public void Every_known_gpu_is_described_in_range_and_draws_more_the_more_it_does()
    {
        foreach (var name in GpuModels.Names)
        {
            var gpu = GpuModels.Find(name);
            gpu.Validate(name);
            var curve = new GpuPowerCurve(gpu);
            Assert.InRange(gpu.AwakeWatts, gpu.IdleWatts, curve.DecodeWatts(1));
            Assert.True(curve.DecodeWatts(1) < curve.DecodeWatts(64) && curve.DecodeWatts(64) < curve.PrefillWatts && curve.PrefillWatts < gpu.TdpWatts);
        }
    }

    [Fact]
    public void A_cap_stays_within_what_the_driver_takes()
    {
        var power = new SimulatedPower(GpuModels.Find("h100"), 8);
        Assert.Equal(5600, power.CapWatts);
        Assert.Equal(1600, power.SetCap(100));
        Assert.Equal(1600, power.CapWatts);
        Assert.Equal(5600, power.SetCap(9000));
    }
}
