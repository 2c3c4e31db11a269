using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Frontier;

namespace Crescent.Tests.Lab.Frontier;

public sealed class FrontierCurveTests
{
    private static readonly FrontierCurve Hopper = Curve("h100", "llama-3-70b-fp8");
    private static readonly FrontierCurve Blackwell = Curve("gb200", "llama-3-70b-fp4");

    [Theory]
    [InlineData("h100", 740)]
    [InlineData("b200", 528)]
    [InlineData("gb200", 566)]
    public void A_megawatt_holds_so_many_gpus(string gpu, int count) => Assert.Equal(count, FrontierCurve.GpusPerMegawatt(GpuModels.Find(gpu)), 2.0);

    [Fact]
    public void Speed_is_paid_for_with_volume()
    {
        foreach (var (slow, fast) in Hopper.Points.Zip(Hopper.Points.Skip(1)))
        {
            Assert.True(slow.TokensPerSecondPerUser < fast.TokensPerSecondPerUser);
            Assert.True(slow.TokensPerSecondPerMegawatt > fast.TokensPerSecondPerMegawatt);
        }

        Assert.InRange(Hopper.Points[^1].TokensPerSecondPerUser, 225 * 0.95, 225 * 1.05);
        Assert.Equal(Hopper.Points[0].TokensPerSecondPerMegawatt, Hopper.VolumeAt(0));
    }

    [Fact]
    public void Blackwell_gains_most_where_hopper_is_at_its_limit()
    {
        double Ratio(double speed) => Blackwell.VolumeAt(speed) / Hopper.VolumeAt(speed);
        Assert.InRange(Ratio(25), 1.5, 10);
        Assert.True(Ratio(220) > 2 * Ratio(25));
        Assert.Equal(0, Hopper.VolumeAt(300));
        Assert.True(Blackwell.VolumeAt(300) > 0);
    }

    [Fact]
    public void Where_answers_are_short_prompts_are_what_a_megawatt_is_spent_on()
    {
        // No GPU does the arithmetic of a prompt faster than at its peak: two operations a weight and token, 1,979 teraflops in FP8.
        const int Prompt = 32_768;
        const int Output = 8;
        var peak = FrontierCurve.GpusPerMegawatt(GpuModels.Find("h100")) * Output / (2 * 70e9 * Prompt / 1979e12);
        var most = FrontierCurve.Of(GpuModels.Find("h100"), SimulatedModels.Find("llama-3-70b-fp8"), Prompt, Output).VolumeAt(0);
        Assert.InRange(most, 0.2 * peak, peak);
    }

    [Theory]
    [InlineData("h100", "llama-3-70b-fp8")]
    [InlineData("gb200", "deepseek-r1-fp4")]
    public void Clocks_apart_are_no_worse_than_one_and_one_no_worse_than_the_full(string gpu, string model)
    {
        FrontierCurve Of(FrontierClocks clocks) => FrontierCurve.Of(GpuModels.Find(gpu), SimulatedModels.Find(model), 8192, 1024, clocks: clocks);
        var (full, one, apart) = (Of(FrontierClocks.Full), Of(FrontierClocks.One), Of(FrontierClocks.Apart));
        foreach (var speed in (double[])[25, 50, 100, 200])
        {
            Assert.True(one.VolumeAt(speed) > full.VolumeAt(speed));
            Assert.True(apart.VolumeAt(speed) >= one.VolumeAt(speed));
        }

        Assert.All(full.Points, static point => Assert.Equal((1, 1), (point.PrefillClock, point.DecodeClock)));
        Assert.All(one.Points, static point => Assert.Equal(point.PrefillClock, point.DecodeClock));
        Assert.Contains(apart.Points, static point => point.PrefillClock != point.DecodeClock);

        // The fastest answer takes the full clock, and prompts beside it need not.
        Assert.Equal(full.Points[^1].TokensPerSecondPerUser, apart.Points[^1].TokensPerSecondPerUser);
        Assert.Equal(1, apart.Points[^1].DecodeClock);
        Assert.True(apart.Points[^1].PrefillClock < 1);
    }

    private static FrontierCurve Curve(string gpu, string model) => FrontierCurve.Of(GpuModels.Find(gpu), SimulatedModels.Find(model), 32_768, 8192);
}
