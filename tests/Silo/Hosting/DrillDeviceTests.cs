using Crescent.Engine.Devices;
using Crescent.Silo.Hosting;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Silo.Hosting;

/// <summary>A device is as sick as its line in the drill's file says, and well without one.</summary>
public sealed class DrillDeviceTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"crescent-drill-{Guid.NewGuid():N}");
    private readonly ManualTime _time = new();
    private readonly List<string> _misread = [];
    private readonly HistoryDevice _device = new(8);
    private readonly DrillDevice _drill;

    public DrillDeviceTests()
    {
        // Time 0 stands for never.
        _time.Advance(TimeSpan.FromSeconds(1));
        _drill = new DrillDevice(_device, "silo-1/gpu", _file, _time, _misread.Add);
    }

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Each_step_of_so_many_fails_until_the_line_is_gone()
    {
        Say("silo-1/gpu fail 3");
        Assert.Equal([true, true, false, true, true, false], Steps(6));
        Say("silo-2/gpu fail 1");
        Assert.Equal([true, true, true], Steps(3));
        Assert.Empty(_misread);
    }

    [Fact]
    public async Task No_step_ends_while_the_line_says_that_it_hangs()
    {
        Say("silo-1/gpu hang");
        var step = Task.Factory.StartNew(() => Steps(1), TaskCreationOptions.LongRunning);
        await Assert.ThrowsAsync<TimeoutException>(() => step.WaitAsync(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken));
        Assert.Equal(0, _device.Steps);
        Say("");
        var ended = await step.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal([true], ended);
    }

    [Theory]
    [InlineData("silo-1/gpu hangs")]
    [InlineData("silo-1/gpu fail")]
    [InlineData("silo-1/gpu fail 0")]
    [InlineData("silo-1/gpu fail often")]
    public void A_line_that_is_none_is_told_of_once(string line)
    {
        Say(line);
        Assert.Equal([true, true], Steps(2));
        Say(line);
        Assert.Equal([true], Steps(1));
        Assert.Equal([$"{_file} says '{line}'; a line is 'silo-1/gpu hang', or 'silo-1/gpu fail N' with N of 1 and up. The device is well."], _misread);
    }

    [Fact]
    public void A_device_without_a_file_is_well() => Assert.Equal([true, true], Steps(2));

    private void Say(string line)
    {
        File.WriteAllText(_file, line);
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    private bool[] Steps(int count) => [.. Enumerable.Range(0, count).Select(_ => Ends())];

    private bool Ends()
    {
        try
        {
            _drill.Begin(new StepPlan(KvBlockSize.Of(_device.Info)));
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
