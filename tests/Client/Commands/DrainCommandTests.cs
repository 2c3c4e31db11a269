using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Tests.Client.Commands;

public sealed class DrainCommandTests
{
    private const string Device = "device-1/cpu";

    private readonly FakeFactory _factory = new();
    private readonly FakeTerminal _terminal = new();
    private int _looks;

    [Fact]
    public async Task It_tells_how_many_sequences_are_left_until_the_device_is_empty()
    {
        Show(Left(3), Left(3), Left(1), Left(0));
        Assert.Equal(0, await Run(Device));
        Assert.Equal([(Device, true)], _factory.Drained);
        Assert.Equal(
            "device-1/cpu is drained: it takes no new calls.\n3 sequences are left.\n1 sequence is left.\ndevice-1/cpu is empty.\n", _terminal.Output);
    }

    [Fact]
    public async Task A_state_from_before_the_drain_does_not_count_as_empty()
    {
        Show(Left(0) with { OutOfService = false }, Left(0) with { OutOfService = false, Draining = true }, Left(2), Left(0));
        Assert.Equal(0, await Run(Device));
        Assert.Contains("2 sequences are left.", _terminal.Output, StringComparison.Ordinal);
        Assert.Equal(5, _looks);
    }

    [Fact]
    public async Task Json_is_a_line_each_time_that_the_count_changes()
    {
        Show(Left(2), Left(2), Left(0));
        Assert.Equal(0, await Run(Device, "--json"));
        var lines = _terminal.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => JsonNode.Parse(l)!).ToArray();
        Assert.Equal([null, 2, 0], lines.Select(static l => (int?)l["sequences"]));
        Assert.All(lines, static l => Assert.Equal((Device, true), ((string?)l["device"], (bool?)l["drained"])));
    }

    [Fact]
    public async Task Without_wait_it_leaves_at_once()
    {
        Show(Left(3));
        Assert.Equal(0, await Run(Device, "--no-wait"));
        Assert.Equal([(Device, true)], _factory.Drained);
        Assert.Equal(("device-1/cpu is drained: it takes no new calls.\n", 1), (_terminal.Output, _looks));
    }

    [Fact]
    public async Task Undo_puts_the_device_back_and_does_not_wait()
    {
        Show(Left(3));
        Assert.Equal(0, await Run(Device, "--undo"));
        Assert.Equal([(Device, false)], _factory.Drained);
        Assert.Equal(("device-1/cpu is back in service.\n", 1), (_terminal.Output, _looks));
    }

    [Fact]
    public async Task A_device_that_does_not_empty_in_time_is_a_failure_that_says_what_goes_on()
    {
        Show(Left(3));
        Assert.Equal(1, await Run(Device, "--wait", "0.001"));
        Assert.Contains("error: device-1/cpu still has 3 sequences after 0.001 s. It stays drained", _terminal.Error, StringComparison.Ordinal);
        Assert.Contains("--undo", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_never_says_that_it_is_drained_is_told_from_one_that_does_not_empty()
    {
        Show(Left(0) with { OutOfService = false });
        Assert.Equal(1, await Run(Device, "--wait", "0.001"));
        Assert.Contains("has not said that it is drained", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_device_is_answered_with_those_that_there_are_and_nothing_is_drained()
    {
        Assert.Equal(1, await Run("device-7/cpu"));
        Assert.Contains("no device 'device-7/cpu'; it has device-1/cpu, device-2/cpu", _terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Drained);
    }

    [Fact]
    public async Task A_device_that_leaves_the_factory_meanwhile_is_told()
    {
        _factory.State = () => ++_looks == 1 ? FakeFactory.Snapshot : FakeFactory.Snapshot with { Devices = [] };
        Assert.Equal(1, await Run(Device));
        Assert.Contains("device-1/cpu left the factory while it was drained", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_wait()
    {
        _factory.State = () =>
        {
            if (++_looks == 3)
            {
                Assert.True(_terminal.Interrupts.Raise());
            }

            return _looks == 1 ? FakeFactory.Snapshot : FakeFactory.Snapshot with { Devices = [Left(3)] };
        };
        Assert.Equal(130, await Run(Device));
        Assert.Equal([(Device, true)], _factory.Drained);
    }

    [Theory]
    [InlineData("'cpu' is no device: it must be SILO/DEVICE, such as device-1/cpu.", "cpu")]
    [InlineData("'/cpu' is no device", "/cpu")]
    [InlineData("'device-1/' is no device", "device-1/")]
    [InlineData("--wait takes a number of seconds above 0 and at most a day, not '0'.", Device, "--wait", "0")]
    [InlineData("--wait excludes --undo and --no-wait", Device, "--wait", "5", "--no-wait")]
    [InlineData("--wait excludes --undo and --no-wait", Device, "--wait", "5", "--undo")]
    [InlineData("Required argument missing")]
    public async Task A_wrong_command_line_is_refused_in_words_and_calls_nobody(string words, params string[] args)
    {
        Assert.Equal(1, await Run(args));
        Assert.Contains(words, _terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Connected);
    }

    private static DeviceSnapshot Left(int sequences) => FakeFactory.Snapshot.Devices[0] with
    {
        OutOfService = true,
        Draining = true,
        Waiting = sequences / 2,
        Running = sequences - (sequences / 2),
    };

    /// <summary>The first look finds the device in service, each later one the next of these states and then the last for good.</summary>
    private void Show(params DeviceSnapshot[] states) => _factory.State = () =>
    {
        var look = _looks++;
        return look == 0 ? FakeFactory.Snapshot : FakeFactory.Snapshot with { Devices = [states[Math.Min(look, states.Length) - 1]] };
    };

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(["drain", .. args], _terminal.Terminal, _factory.Connect);
}
