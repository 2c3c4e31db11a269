using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class InferenceEngineTests
{
    private readonly RecordingSink _sink = new();

    private InferenceEngine EngineOver(HistoryDevice device, EngineOptions? options = null, RecordingSink? sink = null) =>
        EngineHarness.EngineOver(device, sink ?? _sink, options);

    [Fact]
    public void A_request_for_another_model_or_for_an_adapter_is_refused_by_name()
    {
        var engine = new InferenceEngine(new CircleDevice(), new LetterTokenizer(), "mine", _sink, new Crescent.Engine.Power.CpuPowerModel(1));
        var request = new InferenceRequest { Id = 1, Prompt = [1], MaxTokens = 1, Model = "mine" };

        var model = Assert.Throws<RequestRefusedException>(() => engine.Submit(request with { Model = "yours" }));
        var adapter = Assert.Throws<RequestRefusedException>(() => engine.Submit(request with { Adapter = "polite" }));
        engine.Submit(request);

        Assert.Equal((RefusalReason.Invalid, RefusalReason.Invalid), (model.Reason, adapter.Reason));
        Assert.Contains("yours", model.Message, StringComparison.Ordinal);
        Assert.Contains("polite", adapter.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Biases_outside_the_vocabulary_and_too_many_alternatives_are_refused()
    {
        using var device = new HistoryDevice(blocks: 32);
        using var engine = EngineHarness.EngineOver(device, new RecordingSink());
        foreach (var sampling in new SamplingParameters[]
        {
            new() { LogitBias = new Dictionary<int, float> { [128] = 1 } }, new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } }, new() { TopLogprobs = 21 },
        })
        {
            var refused = Assert.Throws<RequestRefusedException>(() => engine.Submit(Request(1, 20, 8) with { Sampling = sampling }));
            Assert.Equal(RefusalReason.Invalid, refused.Reason);
        }
    }

    [Fact]
    public void Logits_that_are_no_numbers_end_their_request_alone()
    {
        var sink = new RecordingSink();
        using var device = new HistoryDevice(blocks: 32);
        using var engine = EngineHarness.EngineOver(new PoisonedDevice(device, poison: Prompt(3, 20)[^1]), sink);
        engine.Submit(Request(3, 20, 8));
        engine.Submit(Request(4, 21, 8));
        Run(engine);
        Assert.Equal(FinishReason.Error, sink[3].Finish);
        Assert.Contains("no finite numbers", sink[3].Error);
        Assert.Equal(Expected(4, 21, 8), sink[4].Tokens);
    }

    [Fact]
    public void A_sequence_gets_its_tokens_and_ends_at_its_limit()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 16));
        engine.Submit(Request(1, promptLength: 20, maxTokens: 30));
        Run(engine);
        Assert.Equal(Expected(1, 20, 30), _sink[1].Tokens);
        Assert.Equal(FinishReason.Length, _sink[1].Finish);
        Assert.Equal(20, _sink[1].Usage!.PromptTokens);
        Assert.Equal(30, _sink[1].Usage!.OutputTokens);
        Assert.True(_sink[1].Usage!.Joules > 0);
        Assert.Equal(16, engine.State.FreeBlocks);
    }

    [Fact]
    public void Sequences_join_and_leave_between_steps()
    {
        var device = new HistoryDevice(blocks: 64);
        var engine = EngineOver(device);
        engine.Submit(Request(1, 5, 40));
        for (var i = 0; i < 10; i++)
        {
            engine.Step();
        }

        engine.Submit(Request(2, 9, 5));
        Run(engine);
        Assert.Equal(Expected(1, 5, 40), _sink[1].Tokens);
        Assert.Equal(Expected(2, 9, 5), _sink[2].Tokens);
        Assert.Equal(2, device.LargestBatch);
        Assert.Equal(40, device.Steps);
    }

    [Fact]
    public void A_long_prompt_is_computed_in_chunks_beside_running_decodes()
    {
        var device = new HistoryDevice(blocks: 64);
        var engine = EngineOver(device, new EngineOptions { MaxStepTokens = 16 });
        engine.Submit(Request(1, 5, 60));
        engine.Step();
        engine.Submit(Request(2, 150, 5));
        for (var step = 0; step < 10; step++)
        {
            engine.Step();
        }

        // Fifteen tokens of the prompt a step, and the decode never waited.
        Assert.Equal(11, _sink[1].Tokens.Count);
        Run(engine);
        Assert.Equal(Expected(1, 5, 60), _sink[1].Tokens);
        Assert.Equal(Expected(2, 150, 5), _sink[2].Tokens);
    }

    [Fact]
    public void A_preempted_sequence_resumes_with_the_same_tokens()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 12));
        for (var id = 1; id <= 6; id++)
        {
            engine.Submit(Request(id, 20, 60));
        }

        Run(engine);
        Assert.True(engine.Preemptions > 0);
        for (var id = 1; id <= 6; id++)
        {
            Assert.Equal(Expected(id, 20, 60), _sink[id].Tokens);
        }
    }

    [Fact]
    public void A_cancelled_sequence_frees_its_blocks_within_one_step()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 16));
        engine.Submit(Request(1, 40, 100));
        engine.Step();
        engine.Step();
        Assert.True(engine.State.FreeBlocks < 16);
        engine.Cancel(1);
        engine.Step();
        Assert.Equal(FinishReason.Cancelled, _sink[1].Finish);
        Assert.Equal(16, engine.State.FreeBlocks);
        Assert.False(engine.Step());
    }

    [Fact]
    public void What_can_never_fit_is_refused_at_submission()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 4, maxContext: 48));
        var refused = Assert.Throws<RequestRefusedException>(() => engine.Submit(Request(1, 40, 10)));
        Assert.Equal(RefusalReason.TooLong, refused.Reason);
        engine.Submit(Request(2, 40, 9));
        Run(engine);
        Assert.Equal(9, _sink[2].Tokens.Count);
    }

    [Fact]
    public void A_full_queue_refuses_with_a_time_to_retry()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 64), new EngineOptions { MaxRunning = 1, MaxWaiting = 2 });
        for (var id = 1; id <= 3; id++)
        {
            engine.Submit(Request(id, 4, 4));
        }

        var refused = Assert.Throws<RequestRefusedException>(() => engine.Submit(Request(4, 4, 4)));
        Assert.Equal(RefusalReason.Overloaded, refused.Reason);
        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        Run(engine);
        engine.Submit(Request(5, 4, 4));
        Run(engine);
        Assert.Equal(4, _sink[5].Tokens.Count);
    }

    [Fact]
    public void A_failed_step_ends_its_sequences_with_the_error_and_the_engine_goes_on()
    {
        var device = new HistoryDevice(blocks: 16);
        var engine = EngineOver(device);
        device.BeforeStep = _ => throw new InvalidOperationException("out of memory on the device");
        engine.Submit(Request(1, 8, 8));
        Assert.Throws<InvalidOperationException>(() => engine.Step());
        engine.Fail("out of memory on the device");
        Assert.Equal(FinishReason.Error, _sink[1].Finish);
        Assert.Equal("out of memory on the device", _sink[1].Error);
        device.BeforeStep = null;
        engine.Submit(Request(2, 8, 8));
        Run(engine);
        Assert.Equal(Expected(2, 8, 8), _sink[2].Tokens);
        engine.CheckIntegrity();
    }

    [Fact]
    public void A_stop_string_ends_the_output_and_is_not_put_out()
    {
        var tokens = Expected(1, 20, 30);
        var text = new LetterTokenizer().Decode(tokens.ToArray());
        var engine = EngineOver(new HistoryDevice(blocks: 16));
        engine.Submit(Request(1, 20, 30) with { StopStrings = [text[12..15]] });
        Run(engine);
        Assert.Equal(text[..text.IndexOf(text[12..15], StringComparison.Ordinal)], _sink[1].Text);
        Assert.Equal(FinishReason.Stop, _sink[1].Finish);
    }

    [Fact]
    public void Random_workloads_keep_every_token_and_every_block() =>
        (from blocks in Gen.Int[6, 40]
         from budget in Gen.Int[1, 64]
         from running in Gen.Int[1, 12]
         from requests in Gen.Select(Gen.Int[1, 60], Gen.Int[1, 35], Gen.Int[0, 40], Gen.Int[-20, 30]).Array[1, 25]
         select (blocks, budget, running, requests)).Sample(
            workload =>
            {
                var sink = new RecordingSink();
                var device = new HistoryDevice(workload.blocks);
                device.BeforeStep = plan =>
                {
                    Assert.InRange(plan.AllTokens.Length, 1, workload.budget);
                    Assert.InRange(plan.Slices.Length, 1, workload.running);
                };
                var engine = EngineOver(device, new EngineOptions { MaxStepTokens = workload.budget, MaxRunning = workload.running }, sink);
                var cancelled = new HashSet<long>();
                var step = 0;
                var idle = false;
                while (!idle || step <= 40)
                {
                    for (var id = 0; id < workload.requests.Length; id++)
                    {
                        var (prompt, max, at, cancelAfter) = workload.requests[id];
                        if (at == step)
                        {
                            engine.Submit(Request(id, prompt, max));
                        }

                        if (cancelAfter > 0 && at + cancelAfter == step)
                        {
                            engine.Cancel(id);
                            cancelled.Add(id);
                        }
                    }

                    idle = !engine.Step();
                    engine.CheckIntegrity();
                    Assert.False(idle && engine.State.Running + engine.State.Waiting > 0, "a step with work before it did nothing");
                    Assert.True(++step < 20_000, "the engine makes no progress");
                }

                Assert.Equal(workload.blocks, engine.State.FreeBlocks);
                for (var id = 0; id < workload.requests.Length; id++)
                {
                    var (prompt, max, _, _) = workload.requests[id];
                    var expected = Expected(id, prompt, max);
                    var got = sink[id];
                    if (got.Finish == FinishReason.Cancelled)
                    {
                        Assert.Contains(id, cancelled);
                        Assert.Equal(expected.Take(got.Tokens.Count), got.Tokens);
                    }
                    else
                    {
                        Assert.Equal(expected, got.Tokens);
                    }
                }
            },
            iter: 300);
}
