using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class EmbeddingTests
{
    private readonly RecordingSink _sink = new();

    [Fact]
    public void An_embedding_is_the_mean_hidden_state_of_the_prompt_at_length_1()
    {
        var engine = EngineOver(new HistoryDevice(blocks: 16), _sink);
        engine.Submit(Embed(1, 40));
        Run(engine);
        Assert.Equal(FinishReason.Stop, _sink[1].Finish);
        Assert.Empty(_sink[1].Tokens);
        Assert.Equal(HistoryDevice.Embedding(Prompt(1, 40)), _sink[1].Embedding!);
        Assert.Equal(1, _sink[1].Embedding!.Sum(static value => (double)value * value), 1e-6);
        Assert.Equal((40, 0, 0), (_sink[1].Usage!.PromptTokens, _sink[1].Usage!.OutputTokens, _sink[1].Usage!.CachedTokens));
        Assert.True(_sink[1].Usage!.Joules > 0);
        Assert.Equal(16, engine.State.FreeBlocks);
    }

    [Fact]
    public void A_cached_prompt_is_computed_again_for_its_embedding_and_leaves_no_look_up_behind()
    {
        var device = new HistoryDevice(blocks: 32);
        var engine = EngineOver(device, _sink);
        engine.Submit(Request(1, 64, 4));
        Run(engine);
        var (computed, looked) = (device.TokensComputed, engine.Counters.PrefixQueryTokens);
        engine.Submit(Embed(1, 64) with { Id = 2 });
        Run(engine);
        Assert.Equal(64, device.TokensComputed - computed);
        Assert.Equal(looked, engine.Counters.PrefixQueryTokens);
        Assert.Equal(HistoryDevice.Embedding(Prompt(1, 64)), _sink[2].Embedding!);
    }

    [Fact]
    public void A_preempted_embedding_counts_each_token_once()
    {
        // The interactive request takes the blocks of the one that is half way through.
        var engine = EngineOver(new HistoryDevice(blocks: 12), _sink, new EngineOptions { MaxStepTokens = 32 });
        engine.Submit(Request(1, 16, 100) with { Priority = RequestPriority.Interactive });
        engine.Submit(Embed(2, 170));
        Run(engine);
        Assert.True(engine.Preemptions > 0);
        Assert.Equal(Expected(1, 16, 100), _sink[1].Tokens);
        Assert.Equal(HistoryDevice.Embedding(Prompt(2, 170)), _sink[2].Embedding!);
    }

    [Fact]
    public void Any_mix_of_embeddings_and_answers_in_chunks_and_scarce_blocks_keeps_their_bits() =>
        Gen.Select(Gen.Int[8, 24], Gen.Int[1, 64], Gen.Select(Gen.Bool, Gen.Int[1, 120], Gen.Int[0, 3]).Array[1, 20]).Sample(
            (blocks, stepTokens, requests) =>
            {
                var sink = new RecordingSink();
                using var engine = EngineOver(new HistoryDevice(blocks), sink, new EngineOptions { MaxStepTokens = stepTokens });
                for (var id = 0; id < requests.Length; id++)
                {
                    var (embeds, length, steps) = requests[id];
                    engine.Submit(embeds ? Embed(id, length) : Request(id, length, 8));
                    for (var step = 0; step < steps; step++)
                    {
                        engine.Step();
                    }
                }

                Run(engine);
                for (var id = 0; id < requests.Length; id++)
                {
                    var (embeds, length, _) = requests[id];
                    Assert.Equal(embeds ? [] : Expected(id, length, 8), sink[id].Tokens);
                    Assert.Equal(embeds ? HistoryDevice.Embedding(Prompt(id, length)) : null, sink[id].Embedding);
                }

                Assert.Equal(blocks, engine.State.FreeBlocks);
            },
            iter: 300);

    [Fact]
    public void An_embedding_past_its_deadline_or_cancelled_ends_without_one()
    {
        var time = new ManualTime();
        var engine = EngineOver(new HistoryDevice(blocks: 16), _sink, new EngineOptions { MaxStepTokens = 16 }, time);
        engine.Submit(Embed(1, 100) with { Deadline = TimeSpan.FromSeconds(2) });
        engine.Submit(Embed(2, 100));
        engine.Step();
        engine.Cancel(2);
        time.Advance(TimeSpan.FromSeconds(3));
        Run(engine);
        Assert.Equal((FinishReason.Deadline, FinishReason.Cancelled), (_sink[1].Finish, _sink[2].Finish));
        Assert.True(_sink[1].Embedding is null && _sink[2].Embedding is null);
        Assert.Equal(16, engine.State.FreeBlocks);
    }

    [Fact]
    public void What_cannot_be_embedded_is_refused_by_name()
    {
        var circle = new InferenceEngine(new CircleDevice(), new LetterTokenizer(), "test", _sink, new Crescent.Engine.Power.CpuPowerModel(1));
        Assert.Contains("circle has no hidden states", Refusal(circle, Embed(1, 4)).Message, StringComparison.Ordinal);
        var engine = EngineOver(new HistoryDevice(blocks: 4), _sink);
        Assert.Equal(RefusalReason.Invalid, Refusal(engine, Embed(1, 4) with { MaxTokens = 1 }).Reason);
        Assert.Equal(RefusalReason.Invalid, Refusal(engine, Embed(1, 4) with { KvSource = KvSource.OfFork(7) }).Reason);
        Assert.Equal(RefusalReason.TooLong, Refusal(engine, Embed(1, 65)).Reason);
        engine.Submit(Embed(1, 64));
        Run(engine);
        Assert.NotNull(_sink[1].Embedding);

        static RequestRefusedException Refusal(InferenceEngine engine, InferenceRequest request) =>
            Assert.Throws<RequestRefusedException>(() => engine.Submit(request));
    }

    private static InferenceRequest Embed(long id, int promptLength) => Request(id, promptLength, 0) with { WantsEmbedding = true };
}
