using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>States that the device has no room for go to the host tier and come back by copies: that changes what is computed anew, and no token.</summary>
public sealed class StateTierTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_prompt_whose_state_went_to_the_host_goes_on_from_there(int stepsInFlight)
    {
        var device = new HistoryDevice(blocks: 100, states: 3);
        var sink = new RecordingSink();
        using var engine = EngineOver(stepsInFlight == 0 ? device : new LateDevice(device, stepsInFlight, []), sink, new EngineOptions { HostBlocks = 60 });
        for (var id = 1; id <= 6; id++)
        {
            engine.Submit(Request(id, 100, 20));
            Run(engine);
        }

        // All blocks are on the device; of six sequences' states two are.
        var before = device.TokensComputed;
        engine.Submit(new InferenceRequest { Id = 11, Prompt = [.. Prompt(1, 100), .. sink[1].Tokens, .. Prompt(9, 20)], MaxTokens = 4 });
        Run(engine);
        Assert.Equal(112, sink[11].Usage!.CachedTokens);
        Assert.Equal(112, engine.Counters.HostHitTokens);
        Assert.Equal(28 + 3, device.TokensComputed - before);
        Assert.Equal(Continuation([.. Prompt(1, 100), .. sink[1].Tokens, .. Prompt(9, 20)], 4), sink[11].Tokens);

        // It is on the device again.
        engine.Submit(Request(1, 100, 4) with { Id = 12, Prompt = [.. Prompt(1, 100), .. sink[1].Tokens, .. Prompt(8, 20)] });
        Run(engine);
        Assert.Equal((112, 112L), (sink[12].Usage!.CachedTokens, engine.Counters.HostHitTokens));
    }

    [Fact]
    public void Who_is_cancelled_while_its_state_is_on_its_way_leaves_it_to_nobody_before_it_is_there()
    {
        var device = new LateDevice(new HistoryDevice(blocks: 100, states: 2), 1, []) { HoldsCopies = true };
        var sink = new RecordingSink();
        using var engine = EngineOver(device, sink, new EngineOptions { HostBlocks = 60 });
        for (var id = 1; id <= 3; id++)
        {
            engine.Submit(Request(id, 100, 4));
            Run(engine);
        }

        engine.Submit(Request(1, 100, 4) with { Id = 11 });
        engine.Submit(Request(4, 10, 40));
        engine.Step();
        engine.CheckIntegrity();
        Assert.Equal(1, engine.State.WaitingForKv);
        engine.Cancel(11);
        for (var id = 20; id < 24; id++)
        {
            engine.Submit(Request(id, 40, 8));
            for (var step = 0; step < 3; step++)
            {
                engine.Step();
                engine.CheckIntegrity();
            }
        }

        device.LetCopiesGo();
        Run(engine);
        Assert.Equal(FinishReason.Cancelled, sink[11].Finish);
        Assert.Equal(Expected(4, 10, 40), sink[4].Tokens);
        Assert.All(Enumerable.Range(20, 4), id => Assert.Equal(Expected(id, 40, 8), sink[id].Tokens));
    }

    [Fact]
    public void Any_batch_preemption_cancel_fault_and_tier_changes_no_token()
    {
        var (preempted, copied, found, failed) = (0L, 0L, 0L, 0);
        (from blocks in Gen.Int[13, 60]
         from states in Gen.Int[2, 8]
         from host in Gen.Int[0, 90]
         from late in Gen.Int[0, 1]
         from seed in Gen.Int[0, 999]
         from requests in Gen.Select(Gen.Int[0, 3], Gen.Int[1, 90], Gen.Int[4, 40], Gen.Int[0, 60], Gen.Int[0, 59]).Array[4, 16]
         select (blocks, states, host, late, seed, requests)).Sample(
            workload =>
            {
                var sink = new RecordingSink();
                var random = new Random(workload.seed);
                var fails = workload.late == 0 && workload.seed % 3 == 0;
                var history = new HistoryDevice(workload.blocks, states: workload.states);
                IDevice device = fails ? new FaultyDevice(history, static () => false, static () => false, () => random.Next(40) == 0) : history;
                device = workload.late > 0 ? new LateDevice(device, workload.late, []) : device;
                var options = new EngineOptions { MaxStepTokens = 48, MaxRunning = 6, HostBlocks = workload.host < 4 ? 0 : workload.host };
                using var engine = EngineOver(device, sink, options);
                var requests = workload.requests.Select((r, id) => new InferenceRequest
                {
                    Id = id,
                    Prompt = [.. Prompt(0, r.Item1 * 24), .. Prompt(r.Item5 % 4, r.Item2)],
                    MaxTokens = r.Item3,
                    SpeculativeTokens = r.Item5 % 2 == 0 ? 3 : 0,
                    Priority = (RequestPriority)(r.Item5 % 3),
                }).ToArray();
                for (var step = 0; step <= 60 || engine.State.Running + engine.State.Waiting > 0; step++)
                {
                    for (var id = 0; id < requests.Length; id++)
                    {
                        if (workload.requests[id].Item4 == step)
                        {
                            engine.Submit(requests[id]);
                        }
                        else if (workload.requests[id].Item4 + 6 == step && workload.requests[id].Item5 % 7 == 0)
                        {
                            engine.Cancel(id);
                        }
                    }

                    try
                    {
                        engine.Step();
                    }
                    catch (InvalidOperationException fault)
                    {
                        engine.Fail(fault.Message);
                        failed++;
                    }

                    engine.CheckIntegrity();
                    Assert.True(step < 5_000, "the engine makes no progress");
                }

                foreach (var request in requests)
                {
                    var (expected, record) = (Continuation(request.Prompt, request.MaxTokens), sink[request.Id]);
                    Assert.True(record.Finish != FinishReason.Error || fails, record.Error);
                    Assert.Equal(record.Finish == FinishReason.Length ? expected : expected.Take(record.Tokens.Count), record.Tokens);
                }

                preempted += engine.Counters.Preemptions;
                copied += engine.Counters.HostHitTokens;
                found += engine.Counters.PrefixHitTokens;
            },
            iter: 150,
            threads: 1);

        // What is claimed to change nothing must have happened.
        Assert.True(preempted > 0 && copied > 0 && found > 0 && failed > 0, $"{preempted} preempted, {copied} copied, {found} found, {failed} failed");
    }

    [Theory]
    [InlineData("qwen35", 300)]
    [InlineData("lfm2", 60)]
    [InlineData("granitehybrid", 300)]
    [InlineData("nemotron_h", 300)]
    public void Talks_that_take_turns_on_a_few_states_go_on_from_the_host(string name, int hostBlocks)
    {
        const int Talks = 5, Turns = 3, Question = 40, Answer = 20;
        using var model = new RealModel(
            TestFiles.Shared("arch", $"{name}.gguf"), model => new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 200, StateSlots = 4, KvType = KvType.F32 }));
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { HostBlocks = hostBlocks });
        var talks = Talk(engine, sink, Talks, Turns, Question, Answer);
        Assert.True(engine.Counters.HostHitTokens > 0);
        for (var talk = 0; talk < Talks; talk++)
        {
            var alone = new RecordingSink();
            using var other = model.Engine(model.Device(), alone, new EngineOptions { PrefixCache = false });
            other.Submit(new InferenceRequest { Id = 0, Prompt = [.. talks[talk][..^Answer]], MaxTokens = Answer, IgnoreEndOfGeneration = true });
            Run(other);
            Assert.Equal(talks[talk][^Answer..], alone[0].Tokens);
        }
    }

    /// <summary>Talks that take turns: each question goes on from what was said, and from a state but for what lies behind its last block.</summary>
    /// <returns>The tokens of each.</returns>
    internal static List<int>[] Talk(InferenceEngine engine, RecordingSink sink, int count, int turns, int question, int answer)
    {
        var random = new Random(3);
        var talks = Enumerable.Range(0, count).Select(static _ => new List<int>()).ToArray();
        for (var turn = 0; turn < turns; turn++)
        {
            for (var talk = 0; talk < count; talk++)
            {
                var id = (turn * count) + talk;
                talks[talk].AddRange(Enumerable.Range(0, question).Select(_ => random.Next(200)));
                engine.Submit(new InferenceRequest { Id = id, Prompt = [.. talks[talk]], MaxTokens = answer, IgnoreEndOfGeneration = true });
                Run(engine);
                engine.CheckIntegrity();
                Assert.InRange(sink[id].Usage!.CachedTokens, turn == 0 ? 0 : talks[talk].Count - question - 16, talks[talk].Count);
                talks[talk].AddRange(sink[id].Tokens);
            }
        }

        return talks;
    }
}
