using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Serving;
using Crescent.Grains.Sessions;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Engine.Scheduling;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Sessions;

/// <summary>Sessions in a cluster whose calls go where the least of their prompt is left to compute.</summary>
public sealed class SessionClusterTests(SessionCluster factory) : IClassFixture<SessionCluster>, IAsyncLifetime
{
    private const int PromptLength = 200;

    private static int _seeds = 2000;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        factory.Fails = null;
        foreach (var way in Ways())
        {
            way.LosesEvents = way.LosesSilence = false;
        }

        await factory.Settle();
    }

    [Fact]
    public async Task The_next_turn_goes_to_the_sessions_device_before_a_cache_event_has_come()
    {
        // A hint lives five seconds and is waited for a fifth of one: on a machine that is too slow for that, another conversation is begun.
        for (var tries = 1; ; tries++)
        {
            using var events = new SessionEvents();
            var (age, plain, turn, device) = await TwoTurns();
            if ((age < TimeSpan.FromSeconds(3) && events.Unreachable == 0) || tries == 10)
            {
                Assert.NotEqual(device, plain);
                var decision = FactoryCluster.Service<PlacementLedger>(factory.Silos[1]).Decisions(turn.RequestId)[0];
                Assert.All(decision.Candidates, c => Assert.Equal(c.Device == device ? Turn1Blocks * HistoryDevice.DefaultBlockSize : 0, c.CachedTokens));
                Assert.Equal(device, decision.Chosen);
                return;
            }
        }
    }

    [Fact]
    public async Task A_session_knows_of_a_turn_that_still_runs()
    {
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Hold();
        }

        var call = Turn("running");
        var running = new RunningCall(Service(0), call);
        SessionSighting? seen = null;
        await Until(async () => (seen = await Session(call).Find()) is not null, "the session knows of its turn");
        Assert.Equal(PromptLength / HistoryDevice.DefaultBlockSize, seen!.Turn.Blocks);
        Assert.Equal(1, FactoryCluster.Service<DeviceRegistry>(factory.SiloOf(seen.Turn.Device)).Live);
        await running.Leave();
    }

    [Fact]
    public async Task A_session_lives_with_its_device_and_leaves_it_with_its_memory_when_it_is_drained()
    {
        using var events = new SessionEvents();
        var call = Turn("drained");
        var device = await Run(factory.Silos[0], call);
        await Lives(call, device);
        var before = await Session(call).Find();
        Assert.Equal((device, factory.SiloOf(device).SiloAddress), (before!.Turn.Device, before.Turn.Silo));
        Assert.Equal(Turn1Blocks, before.Turn.Blocks);
        var grain = factory.Grains.GetGrain<IGpuGrain>(device);
        await grain.Drain(true);
        try
        {
            await Left(call, device);
            var after = await Session(call).Find();
            Assert.Equal(before.Turn.Device, after!.Turn.Device);
            Assert.Equal(before.Turn.Marks, after.Turn.Marks);
            Assert.True(after.Age >= before.Age);
            Assert.Contains("drained", events.Moves);

            var next = Next(call, "after-drain");
            var other = await Run(factory.Silos[1], next);
            Assert.NotEqual(device, other);
            await Lives(next, other);
        }
        finally
        {
            await grain.Drain(false);
        }
    }

    [Fact]
    public async Task A_session_leaves_a_device_that_is_over_its_budget()
    {
        using var events = new SessionEvents();
        var call = Turn("over-budget");
        var device = await Run(factory.Silos[0], call);
        await Lives(call, device);
        var power = factory.Grains.GetGrain<IPowerGrain>(0);
        await power.SetBudgets(new PowerBudgetSettings { Devices = { [device] = 1 } }, TestContext.Current.CancellationToken);
        try
        {
            await Left(call, device);
            Assert.Equal(device, (await Session(call).Find())!.Turn.Device);
            Assert.Contains("power", events.Moves);
            await FactoryCluster.Until(() => State(factory.Silos[1], device).HeadroomWatts <= 0, "the other front end knows that it is over its budget");
            var next = Next(call, "after-budget");
            var other = await Run(factory.Silos[1], next);
            Assert.NotEqual(device, other);
            await Lives(next, other);
        }
        finally
        {
            await power.SetBudgets(new PowerBudgetSettings(), TestContext.Current.CancellationToken);
            await FactoryCluster.Until(() => factory.Silos.All(s => !State(s, device).Draining && State(s, device).HeadroomWatts > 0), "the budget is lifted");
        }
    }

    [Fact]
    public async Task Tenants_that_call_their_sessions_the_same_do_not_meet()
    {
        var call = Turn("the same");
        var device = await Run(factory.Silos[0], call with { Tenant = "a" });
        await Lives(call with { Tenant = "a" }, device);
        Assert.Null(await Session(call with { Tenant = "b" }).Find());
        Assert.NotNull(await Session(call with { Tenant = "a" }).Find());
    }

    [Fact]
    public async Task A_session_that_fails_or_does_not_answer_costs_no_turn()
    {
        using var events = new SessionEvents();
        var call = Turn("lost");
        factory.Fails = static () => throw new InvalidOperationException("The session is broken.");
        await Run(factory.Silos[0], call);
        Assert.True(events.Unreachable > 0);
        var silence = new TaskCompletionSource();
        factory.Fails = () => silence.Task;
        await Run(factory.Silos[1], Next(call, "unanswered"));
        factory.Fails = null;
        silence.SetResult();
    }

    [Fact]
    public async Task The_death_of_a_sessions_silo_costs_no_turn()
    {
        var call = Turn("killed");
        var device = await Run(factory.Silos[0], call);
        for (var i = 0; factory.SiloOf(device) == factory.Silos[0]; i++)
        {
            device = await Run(factory.Silos[0], call = Turn($"killed-{i}"));
        }

        await Lives(call, device);
        await factory.Cluster.KillSiloAsync(factory.SiloOf(device), TestContext.Current.CancellationToken);
        var next = Next(call, "after-death");
        Assert.NotEqual(device, await Run(factory.Silos[0], next));

        // Until the death is declared, the session cannot be told; a later turn finds it again.
        var again = 0;
        await Until(
            async () => (next = next with { RequestId = $"after-death-{again++}" }) is { } turn && await Run(factory.Silos[0], turn) is { } now
                && await Known(turn) == now,
            "the session is there again");

        async Task<string?> Known(InferenceRequest turn)
        {
            try
            {
                return (await Session(turn).Find())?.Turn.Device;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                return null;
            }
        }
    }

    /// <summary>Blocks that the first turn leaves: its last token is not computed.</summary>
    private static int Turn1Blocks => (PromptLength + 30 - 1) / HistoryDevice.DefaultBlockSize;

    /// <summary>
    /// A conversation through one front end whose device then has something else to do; its next turn through a second one, and through a third as if it were of no session.
    /// </summary>
    /// <returns>The session's age just before the next turn; where the turn without a session went; the next turn; the device of the first.</returns>
    private async Task<(TimeSpan Age, string Plain, InferenceRequest Turn, string Device)> TwoTurns()
    {
        await factory.Settle();
        foreach (var way in Ways())
        {
            way.LosesEvents = true;
        }

        // A silo hears of its own device's cache all the same, and the first front end expects the prompt where it was placed: let that be one silo.
        var call = Turn($"conversation-{_seeds++}");
        var device = await Run(factory.Silos[0], call);
        while (factory.SiloOf(device) != factory.Silos[0])
        {
            call = Turn($"conversation-{_seeds++}");
            device = await Run(factory.Silos[0], call);
        }

        await Lives(call, device);
        await Known([]);
        factory.EngineOf(device).Hold();

        // The first front end knows of the prompt there, which makes it the place for one like it.
        var busy = new RunningCall(Service(0), call with { RequestId = $"busy-{_seeds++}", Program = null, Prompt = call.Prompt[..48] });

        // A call without a first token would be moved to an idle device.
        factory.EngineOf(device).Allow(3);
        await FactoryCluster.Until(() => busy.Count > 0, "the device is busy");
        await Known([device]);
        var next = Next(call, $"next-{_seeds++}");
        var plain = await Run(factory.Silos[2], next with { RequestId = $"plain-{_seeds++}", Program = null });
        await Known([device]);
        var age = (await Session(call).Find())!.Age;
        var running = new RunningCall(Service(1), next);
        await FactoryCluster.Until(() => FactoryCluster.Service<PlacementLedger>(factory.Silos[1]).Decisions(next.RequestId) is [{ Taken: not null }, ..], "the turn is placed");
        factory.EngineOf(device).Free();
        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await busy.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(FactoryCluster.Expected(next), running.Tokens);
        return (age, plain, next, device);
    }

    /// <summary>Waits until every silo has heard that these devices have a call, and the others none.</summary>
    private Task Known(string[] busy) => FactoryCluster.Until(
        () => factory.Silos.All(s => FactoryCluster.Service<PlacementLedger>(s).Snapshot() is { Length: 3 } devices && devices.All(d =>
            d.State.Load.Running + d.State.Load.Waiting == (busy.Contains(d.State.Key) ? 1 : 0)
            && (d.State.Load.FreeBlocks == TestEngine.Blocks || busy.Contains(d.State.Key)))),
        $"all know that {busy.Length} devices are busy");

    private static InferenceRequest Turn(string session) => FactoryCluster.Call(_seeds++, PromptLength) with { RequestId = $"turn-{_seeds++}", Program = session };

    /// <summary>The turn after <paramref name="call"/>: its prompt, the answer, and more.</summary>
    private static InferenceRequest Next(InferenceRequest call, string requestId) =>
        call with { RequestId = requestId, Prompt = [.. call.Prompt, .. FactoryCluster.Expected(call), 1, 2, 3], MaxTokens = 5 };

    private LossyTelemetry[] Ways() => [.. factory.Silos.Select(static s => (LossyTelemetry)FactoryCluster.Service<ITelemetryClient>(s))];

    private IGenerationService Service(int silo) => FactoryCluster.Service<IGenerationService>(factory.Silos[silo]);

    private static DeviceState State(InProcessSiloHandle silo, string device) =>
        FactoryCluster.Service<PlacementLedger>(silo).Snapshot().Single(d => d.State.Key == device).State;

    private ISessionGrain Session(InferenceRequest call) => factory.Grains.GetGrain<ISessionGrain>(new SessionKey(call.Tenant, call.Program!).ToString());

    private static async Task<string> Run(InProcessSiloHandle front, InferenceRequest call)
    {
        var running = new RunningCall(FactoryCluster.Service<IGenerationService>(front), call);
        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(FactoryCluster.Expected(call), running.Tokens);
        return running.Usage!.Device;
    }

    /// <summary>Waits until the session is in the silo of <paramref name="device"/> and knows that the turn has ended.</summary>
    private async Task Lives(InferenceRequest call, string device)
    {
        var blocks = (call.Prompt.Length + call.MaxTokens - 1) / HistoryDevice.DefaultBlockSize;
        await Until(
            async () => (await Where(call))?.Equals(factory.SiloOf(device).SiloAddress) == true && (await Session(call).Find())?.Turn.Blocks == blocks,
            $"session {call.Program} lives with {device}");
    }

    private Task Left(InferenceRequest call, string device) => Until(
        async () => await Where(call) is { } silo && !silo.Equals(factory.SiloOf(device).SiloAddress), $"session {call.Program} has left {device}");

    /// <summary>The silo that has the session, as the silos say themselves: what the directory says may be cached.</summary>
    private async Task<SiloAddress?> Where(InferenceRequest call)
    {
        var all = await factory.Grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();
        var found = all.Where(s => s.GrainId == Session(call).GetGrainId()).ToArray();
        return found.Length == 1 ? found[0].SiloAddress : null;
    }

    private static async Task Until(Func<Task<bool>> condition, string what)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"Waited 60 s in vain until {what}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What the metrics tell of sessions.</summary>
    private sealed class SessionEvents : IDisposable
    {
        private readonly MeterListener _listener = new();
        private int _unreachable;

        public SessionEvents()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name is InstrumentNames.SessionsMigrated or InstrumentNames.SessionsUnreachable)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Hear(instrument, tags));
            _listener.Start();
        }

        /// <summary>Why sessions have moved.</summary>
        public ConcurrentQueue<string> Moves { get; } = [];

        /// <summary>Sessions that could not be asked or told.</summary>
        public int Unreachable => _unreachable;

        public void Dispose() => _listener.Dispose();

        private void Hear(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (instrument.Name == InstrumentNames.SessionsMigrated)
            {
                Moves.Enqueue((string)tags[0].Value!);
            }
            else
            {
                Interlocked.Increment(ref _unreachable);
            }
        }
    }
}
