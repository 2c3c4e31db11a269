using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;
using Crescent.Tests.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Kv;

/// <summary>Blocks come back from the host by copies that take their time: who needs them waits, and nobody else.</summary>
public sealed class KvCopyTests
{
    [Fact]
    public void Who_waits_for_its_blocks_delays_nobody_and_goes_on_when_they_are_there()
    {
        var sink = new RecordingSink();
        var history = new HistoryDevice(blocks: 14);
        using var engine = EngineOver(new LateDevice(history, 1, []), sink, new EngineOptions { HostBlocks = 40 });
        for (var id = 1; id <= 4; id++)
        {
            engine.Submit(Request(id, 100, 4));
            Run(engine);
        }

        engine.Submit(Request(5, 8, 20));
        engine.Step();
        engine.Step();
        engine.Submit(Request(1, 100, 4) with { Id = 11 });
        var before = sink[5].Tokens.Count;

        // It has its blocks now, and takes no part in the step.
        engine.Step();
        Assert.Equal((2, 1), (engine.State.Running, engine.State.WaitingForKv));
        Assert.Equal(before + 1, sink[5].Tokens.Count);
        engine.Step();
        Assert.Equal(0, engine.State.WaitingForKv);
        Run(engine);
        Assert.Equal(sink[1].Tokens, sink[11].Tokens);
        Assert.Equal(96, sink[11].Usage!.CachedTokens);
        Assert.Equal(Expected(5, 8, 20), sink[5].Tokens);
        Assert.Equal(14, engine.State.FreeBlocks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void A_request_that_ends_while_its_blocks_are_copied_gives_them_back_when_they_are_there(int othersBefore)
    {
        var sink = new RecordingSink();
        var device = new LateDevice(new HistoryDevice(blocks: 12), 1, []) { HoldsCopies = true };
        device.BeginCopies([.. Enumerable.Repeat(new KvCopy(KvCopyKind.Within, 1, 0, 0), othersBefore)]);
        device.WaitForCopy();
        using var engine = EngineOver(device, sink, new EngineOptions { HostBlocks = 40 });
        for (var id = 1; id <= 4; id++)
        {
            engine.Submit(Request(id, 100, 4));
            Run(engine);
        }

        engine.Submit(Request(1, 100, 4) with { Id = 11 });
        engine.Submit(Request(5, 8, 20));
        engine.Step();
        Assert.Equal(1, engine.State.WaitingForKv);
        engine.Cancel(11);

        // Six of its blocks are still written into, so that nobody has them.
        engine.Step();
        engine.CheckIntegrity();
        Assert.Equal((FinishReason.Cancelled, 12 - 6 - 1), (sink[11].Finish, engine.State.FreeBlocks));
        engine.Submit(Request(6, 60, 4));
        engine.Step();
        Assert.Equal((2, 1), (engine.State.Running, engine.State.FreeBlocks));
        device.LetCopiesGo();
        Run(engine);
        Assert.Equal(Expected(6, 60, 4), sink[6].Tokens);
        Assert.Equal(FinishReason.Cancelled, sink[11].Finish);
        Assert.Equal(Expected(5, 8, 20), sink[5].Tokens);
        Assert.Equal(12, engine.State.FreeBlocks);
    }

    [Fact]
    public void On_a_device_that_copies_at_once_who_gets_its_blocks_from_the_host_takes_part_in_the_same_step()
    {
        var (device, sink) = (new HistoryDevice(blocks: 14), new RecordingSink());
        using var engine = EngineOver(device, sink, new EngineOptions { HostBlocks = 40 });
        for (var id = 1; id <= 4; id++)
        {
            engine.Submit(Request(id, 100, 4));
            Run(engine);
        }

        engine.Submit(Request(1, 100, 4) with { Id = 11 });
        engine.Step();
        Assert.Single(sink[11].Tokens);
        Run(engine);
        Assert.Equal(96, sink[11].Usage!.CachedTokens);
        Assert.Equal(sink[1].Tokens, sink[11].Tokens);
    }

    [Fact]
    public unsafe void A_copy_that_was_done_is_not_done_again_because_one_after_it_failed()
    {
        var copies = new KvCopies();
        var fails = new Queue<bool>();
        IDevice device = new FaultyDevice(new HistoryDevice(blocks: 2), static () => false, static () => false, () => fails.TryDequeue(out var next) && next);
        var bytes = (int)device.Info.BlockBytes;
        var host = stackalloc byte[3 * bytes];
        void Fill(int block, byte value) => device.WriteBlock(block, Enumerable.Repeat(value, bytes).ToArray());
        new Span<byte>(host + bytes, bytes).Fill(7);
        Fill(0, 1);
        Fill(1, 2);

        // The third of them fails.
        fails = new Queue<bool>([false, false, true]);
        copies.Add(new KvCopy(KvCopyKind.ToHost, 0, (nint)host));
        copies.Add(new KvCopy(KvCopyKind.FromHost, 0, (nint)(host + bytes)));
        copies.Add(new KvCopy(KvCopyKind.ToHost, 1, (nint)(host + (2 * bytes))));
        Assert.Throws<InvalidOperationException>(() => copies.HandTo(device));
        Assert.Equal((3, 2), (copies.Count, copies.HandedCount));
        Assert.Equal(1, copies.HandTo(device));
        Assert.Equal((1, 7, 2), (host[0], host[bytes], host[2 * bytes]));
    }

    [Fact]
    public void A_simulated_copy_takes_the_time_and_the_energy_of_its_link()
    {
        var (ends, joules) = (new Dictionary<long, TimeSpan>(), new Dictionary<long, double>());
        var clock = new VirtualClock();
        var shape = SimulatedModels.Find("llama-3.1-8b");
        var device = new SimulatedDevice(SimulatedDeviceSpec.Parse("sim:h100-sxm"), 0, shape, new SimulatedText(new SilentTokenizer()));
        using var engine = new VirtualEngine(
            clock, new SmallDevice(device, blocks: 80), new SilentTokenizer(), "test", new Ends(output => (ends[output.Request.Id], joules[output.Request.Id]) = (clock.Elapsed, output.Usage!.Joules)), device.Power,
            new EngineOptions { HostBlocks = 400 });
        foreach (var id in new[] { 1L, 2, 3 })
        {
            engine.Submit(Request(id, 1000, 1));
            clock.Run(TestContext.Current.CancellationToken);
        }

        // On the device still: only its last tokens are computed.
        var started = clock.Elapsed;
        engine.Submit(Request(3, 1000, 1) with { Id = 13 });
        clock.Run(TestContext.Current.CancellationToken);
        var cached = ends[13] - started;
        started = clock.Elapsed;
        engine.Submit(Request(1, 1000, 1) with { Id = 11 });
        clock.Run(TestContext.Current.CancellationToken);
        var copied = ends[11] - started;

        // 62 blocks come in; as many go out for them, and one more for the last tokens.
        var each = device.Info.BlockCopySeconds;
        Assert.Equal(device.Info.BlockBytes / 55e9, each, 1e-12);
        Assert.InRange((copied - cached).TotalSeconds, 62 * each, 126 * each);
        Assert.InRange(joules[11] - joules[13], 62 * device.Power.BlockCopyJoules, 130 * device.Power.BlockCopyJoules);
    }

    private sealed class Ends(Action<SequenceOutput> ended) : IEngineSink
    {
        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            foreach (var output in outputs)
            {
                if (output.Finish != FinishReason.None)
                {
                    ended(output);
                }
            }
        }
    }
}
