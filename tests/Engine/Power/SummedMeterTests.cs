using Crescent.Engine.Power;

namespace Crescent.Tests.Engine.Power;

/// <summary>What the GPUs of a device draw together.</summary>
public sealed class SummedMeterTests
{
    [Fact]
    public void A_sum_is_that_of_all_parts_and_lacks_what_one_of_them_lacks()
    {
        var meter = SummedMeter.Of([new Meter(100, 5, 1), new Meter(250, 7, 3), new Meter(50, null, 2)]);
        var reading = meter.Read();
        Assert.Equal((PowerSource.Nvml, 400.0, null), (reading.Source, reading.Watts, reading.Joules));
        Assert.Equal(TimeSpan.FromSeconds(3), meter.Resolution);
        Assert.Equal(12, SummedMeter.Of([new Meter(1, 5, 1), new Meter(2, 7, 1)]).Read().Joules);
    }

    [Fact]
    public void One_meter_is_itself()
    {
        var meter = new Meter(1, 2, 3);
        Assert.Same(meter, SummedMeter.Of([meter]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SummedMeter.Of([]));
    }

    private sealed record Meter(double? Watts, double? Joules, int Seconds) : IPowerMeter
    {
        public string Source => PowerSource.Nvml;

        public TimeSpan Resolution => TimeSpan.FromSeconds(Seconds);

        public PowerReading Read() => new(Source, 0, Watts, Joules);
    }
}
