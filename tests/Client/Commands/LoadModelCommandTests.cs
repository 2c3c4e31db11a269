using Crescent.Client.Commands;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Tests.Client.Commands;

public sealed class LoadModelCommandTests
{
    private const string Device = "device-1/cpu";

    private readonly FakeFactory _factory = new();
    private readonly FakeTerminal _terminal = new();
    private int _looks;

    [Fact]
    public async Task It_tells_how_far_it_is_until_the_device_serves_the_model()
    {
        Show(At("old"), At("old") with { Loading = "new", Running = 1 }, At("old") with { Loading = "new", Stage = "closed" }, At("old") with { Loading = "new", Stage = "opening" }, At("new"));
        Assert.Equal(0, await Run(Device, "new", "--drain", "5"));
        Assert.Equal([(Device, "new", 5.0)], _factory.Loaded);
        Assert.Equal(
            "device-1/cpu is to serve new; it still has 1 sequence.\ndevice-1/cpu is closed.\ndevice-1/cpu is opening.\ndevice-1/cpu serves new.\n", _terminal.Output);
    }

    [Fact]
    public async Task A_device_that_goes_back_is_a_failure_with_its_reason()
    {
        Show(At("old"), At("old") with { Loading = "new" }, At("old") with { LoadFault = "'new' could not be opened: no room" });
        Assert.NotEqual(0, await Run(Device, "new"));
        Assert.Contains("device-1/cpu serves old again: 'new' could not be opened: no room", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_there_is_not_is_told_with_those_that_there_are()
    {
        Assert.NotEqual(0, await Run("device-9/cpu", "new"));
        Assert.Contains("device-9/cpu", _terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Loaded);
    }

    /// <summary>What is seen at each look; the first is from before the command.</summary>
    private void Show(params DeviceSnapshot[] states) => _factory.State = () =>
    {
        var look = _looks++;
        var state = states[Math.Clamp(look - 1, 0, states.Length - 1)];
        return FakeFactory.Snapshot with { Devices = [state with { Sequence = 10 * look }] };
    };

    private static DeviceSnapshot At(string model) => FakeFactory.Snapshot.Devices[0] with { Silo = "device-1", Device = "cpu", Model = model, Waiting = 0, Running = 0 };

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(["load-model", .. args], _terminal.Terminal, _factory.Connect);
}
