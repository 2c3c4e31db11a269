using Crescent.Client.Connections;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Runs;
using Crescent.Client.Load.Wire;
using Crescent.Grains.Contracts.Chat;

namespace Crescent.Tests.Client.Load;

/// <summary>Runs that are told to end while what is left of them waits for a moment far away, on a factory that answers as it is told.</summary>
public sealed class RunEndTests
{
    private const double FarSeconds = 3600;

    // A run that hangs is told from one that ends by this.
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly FakeFactory _factory = new();
    private readonly List<CallRecord> _ended = [];

    [Theory]
    [InlineData("arrival")]
    [InlineData("pause")]
    [InlineData("delay")]
    public async Task A_finished_run_does_not_wait_for_what_it_would_not_begin(string wait)
    {
        using var run = Start(wait switch
        {
            "arrival" => [new Script([Call(0)], 0), new Script([Call(1)], FarSeconds)],
            "pause" => [new Script([Call(0), Call(1, FarSeconds)], 0)],
            _ => [new Script([Call(0) with { After = [] }, Call(1, FarSeconds) with { After = [0] }], 0)],
        });
        var running = run.Run(TestContext.Current.CancellationToken);
        while (run.Measures.Ended == 0)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await Settle();
        run.Finish();
        await running.WaitAsync(Long, TestContext.Current.CancellationToken);
        Assert.Equal(CallEnd.Whole, Assert.Single(_ended).End);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_waits_after_a_refusal_when_the_run_ends_stays_refused(bool stopped)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _factory.Answer = (_, _) =>
        {
            asked.TrySetResult();
            return FakeFactory.Fail(new FactoryException("The cluster is full", "Wait.", new ChatRefusedException("full", TimeSpan.FromSeconds(FarSeconds))));
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var run = Start([new Script([Call(0)], 0)]);
        var running = run.Run(stop.Token);
        await asked.Task.WaitAsync(Long, TestContext.Current.CancellationToken);
        await Settle();
        if (stopped)
        {
            await stop.CancelAsync();
        }
        else
        {
            run.Finish();
        }

        await running.WaitAsync(Long, TestContext.Current.CancellationToken);
        var call = Assert.Single(_ended);
        Assert.Equal((CallEnd.Refused, 0, 1L), (call.End, call.Refusals, run.Measures.Failed));

        // What was waited, not what was named.
        Assert.InRange(call.WaitedSeconds, 0, FarSeconds - 1);
    }

    /// <summary>Lets the run come to its wait; had it not, it would have to end all the same.</summary>
    private static Task Settle() => Task.Delay(100, TestContext.Current.CancellationToken);

    private static PlannedCall Call(long number, double pause = 0) => new(number, [new PromptPart(PromptContents.Own + (ulong)number, 8)], 4, pause);

    private LoadRun Start(Script[] scripts) => new(new LoadRunOptions
    {
        Cluster = new ClusterTarget(_factory, null, null),
        Form = new RequestForm(LoadEndpoint.Chat, "m", stream: true, ignoreEos: false),
        Writer = new PromptWriter(new PromptScale(1, 0, "given"), 0),
        Scripts = new Given(scripts),
        GraceSeconds = FarSeconds,
        MostWaitSeconds = 2 * FarSeconds,
        Ended = (call, _) =>
        {
            lock (_ended)
            {
                _ended.Add(call);
            }
        },
    });

    private sealed class Given(Script[] scripts) : IScriptSource
    {
        private int _next;

        public Script? Next() => _next < scripts.Length ? scripts[_next++] : null;
    }
}
