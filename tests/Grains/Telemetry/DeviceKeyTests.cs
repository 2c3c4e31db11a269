using Crescent.Grains.Telemetry;

namespace Crescent.Tests.Grains.Telemetry;

public sealed class DeviceKeyTests
{
    [Theory]
    [InlineData("silo-1/cpu", "silo-1", "cpu")]
    [InlineData("silo-1/cuda:0", "silo-1", "cuda:0")]
    [InlineData("a/b/c", "a", "b/c")]
    public void A_key_is_silo_and_device(string key, string silo, string device)
    {
        Assert.Equal(new DeviceKey(silo, device), DeviceKey.Parse(key));
        Assert.Equal(key, DeviceKey.Parse(key).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("silo")]
    [InlineData("/cpu")]
    [InlineData("silo/")]
    public void What_is_no_key_is_named(string key) =>
        Assert.Contains($"'{key}'", Assert.Throws<FormatException>(() => DeviceKey.Parse(key)).Message, StringComparison.Ordinal);
}
