using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class EngineDriverTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_brings_work_while_the_driver_is_disposed_does_not_fail_by_it()
    {
        using var engine = EngineOver(new HistoryDevice(64), new RecordingSink());
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        var first = 1;

        // Told before the driver is: who comes first stands here until that is gone.
        engine.WorkArrived += () =>
        {
            if (Interlocked.Exchange(ref first, 0) == 1)
            {
                reached.SetResult();
                goOn.Wait(TimeSpan.FromSeconds(30), Stop);
            }
        };
        var driver = new EngineDriver(engine);
        var brings = Task.Factory.StartNew(() => engine.Cancel(1), Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop);
        driver.Dispose();
        goOn.Set();
        await brings;
        Assert.False(driver.IsRunning);
    }
}
