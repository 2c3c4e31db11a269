using Crescent.Grains.Gpu;
using Crescent.Tests.Control.Placement;

namespace Crescent.Tests.Grains.Gpu;

public sealed class DeviceProbeTests
{
    [Fact]
    public void A_slow_device_gets_as_long_as_its_steps_take()
    {
        Assert.Equal(DeviceProbe.LeastPatience, DeviceProbe.Patience(Views.Gpu, 0));
        Assert.Equal(DeviceProbe.LeastPatience, DeviceProbe.Patience(Views.Gpu, 0.1));

        // A token in four seconds: by its profile, or as its former self was seen to take.
        var slow = DeviceProbe.Patience(Views.Gpu with { StepSeconds = 4 }, 0);
        Assert.True(slow > TimeSpan.FromSeconds(DeviceProbe.Tokens * 4 * 2), $"{slow}");
        Assert.True(DeviceProbe.Patience(Views.Gpu, 4) > TimeSpan.FromSeconds(DeviceProbe.Tokens * 4 * 2));
        Assert.Equal(DeviceProbe.MostPatience, DeviceProbe.Patience(Views.Gpu, 1e6));
    }
}
