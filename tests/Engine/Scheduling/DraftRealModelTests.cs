using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Real models that guess for themselves: every token, text and logprob is as it is without.</summary>
public sealed class DraftRealModelTests
{
    private const int Requests = 16;

    [Fact]
    public async Task Greedy_and_sampled_requests_with_penalties_structures_and_logprobs_are_as_without_a_draft()
    {
        using var model = RealModel.Open(RealModel.Tiny, blocks: 256);
        using var draft = model.Draft();
        var plain = await Serve(model, null);
        var guessed = await Serve(model, draft);
        for (var id = 0; id < Requests; id++)
        {
            Assert.Equal(plain.Sink.Tokens[id], guessed.Sink.Tokens[id]);
            Assert.Equal(plain.Sink.Text[id].ToString(), guessed.Sink.Text[id].ToString());
            Assert.Equal(plain.Sink.Logprobs[id], guessed.Sink.Logprobs[id]);
        }

        Assert.Equal(0, plain.Guesses.DraftGuessed);
        Assert.True(guessed.Guesses.DraftAccepted > 20, $"{guessed.Guesses}");
    }

    [Theory]
    [InlineData(RealModel.Tiny, 0f)]
    [InlineData(RealModel.Tiny, 0.9f)]
    [InlineData(RealModel.SmolLM2, 0f)]
    public void A_model_that_guesses_for_itself_is_always_right(string name, float temperature)
    {
        using var model = RealModel.Open(name, blocks: 64);
        using var draft = model.Draft();
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, draft: draft);
        for (var id = 0; id < 3; id++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = id,
                Prompt = model.Encode("What is 23 + 48?")[id..],
                MaxTokens = 31,
                IgnoreEndOfGeneration = true,
                Sampling = new SamplingParameters { Temperature = temperature, TopP = 0.95f, Seed = (ulong)id },
            });
        }

        EngineHarness.Run(engine);

        // Wherever the same token is computed, alone or beside others, its logits have the same bits.
        Assert.Equal(engine.Counters.GuessedTokens, engine.Counters.AcceptedTokens);
        Assert.Equal(3 * (31 - 7), engine.Counters.Guesses.DraftAccepted);
    }

    [Fact]
    public void A_draft_shares_the_threads_of_its_device_which_goes_on_when_it_is_gone()
    {
        using var model = RealModel.Open(RealModel.Tiny, blocks: 64, threads: 2);
        (List<int> Tokens, long Accepted) Answer(Crescent.Engine.Devices.IDevice? guesser)
        {
            var sink = new RecordingSink();
            using var engine = model.Engine(model.Device(), sink, draft: guesser);
            engine.Submit(new InferenceRequest { Id = 1, Prompt = model.Encode("What is 23 + 48?"), MaxTokens = 31, IgnoreEndOfGeneration = true });
            EngineHarness.Run(engine);
            return (sink[1].Tokens, engine.Counters.Guesses.DraftAccepted);
        }

        var plain = Answer(null);
        using (var draft = model.Draft())
        {
            var guessed = Answer(draft);
            Assert.Contains("2 threads", draft.Info.Description, StringComparison.Ordinal);
            Assert.Equal(plain.Tokens, guessed.Tokens);
            Assert.Equal(31 - 7, guessed.Accepted);
        }

        Assert.Equal(plain.Tokens, Answer(null).Tokens);
    }

    [Fact]
    public void Guesses_allocate_nothing()
    {
        using var model = RealModel.Open(RealModel.Tiny, blocks: 256);
        using var draft = model.Draft();
        long Allocated(Crescent.Engine.Devices.IDevice? guesser)
        {
            using var engine = model.Engine(model.Device(), new SilentSink(), new EngineOptions { PrefixCache = false }, guesser);
            for (var id = 0; id < 4; id++)
            {
                engine.Submit(new InferenceRequest { Id = id, Prompt = model.Encode("What is 23 + 48? ")[id..], MaxTokens = 150, IgnoreEndOfGeneration = true });
            }

            while (engine.Counters.OutputTokens < 80)
            {
                engine.Step();
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            while (engine.Counters.OutputTokens < 480)
            {
                engine.Step();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // What is left is the text of tokens, the same with and without; a step of four sequences may have gone further.
        Allocated(null);
        Allocated(draft);
        var (plain, guessed) = (Allocated(null), Allocated(draft));
        Assert.InRange(guessed, 0, plain + 4096);
    }

    private static async Task<(DetailSink Sink, GuessCounts Guesses)> Serve(RealModel model, Crescent.Engine.Devices.IDevice? draft)
    {
        var sink = new DetailSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { MaxRunning = 6 }, draft);
        for (var id = 0; id < Requests; id++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = id,
                Prompt = model.Encode("Tom has 12 apples. He buys 3 bags with 4 apples each. How many apples are there? ")[(id % 5)..],
                MaxTokens = 24 + id,
                IgnoreEndOfGeneration = id % 8 != 7,
                StopStrings = id == 9 ? ["1"] : [],
                Sampling = new SamplingParameters
                {
                    Temperature = id % 2 == 0 ? 0 : 0.8f,
                    Seed = (ulong)id,
                    TopK = id % 3 == 0 ? 20 : 0,
                    FrequencyPenalty = id % 4 == 1 ? 0.5f : 0,
                    RepetitionPenalty = id % 4 == 2 ? 1.2f : 1,
                    MinTokens = id % 5 == 0 ? 12 : 0,
                    TopLogprobs = id % 3 == 1 ? 2 : null,
                    Structure = id % 8 == 7 ? new OutputStructure(GrammarSource.Regex("[a-z ]{5,20}[0-9]{1,6}")) : null,
                },
            });
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (sink.Ended < Requests)
        {
            if (!engine.Step())
            {
                await Task.Delay(1, deadline.Token);
            }

            engine.CheckIntegrity();
        }

        return (sink, engine.Counters.Guesses);
    }

    private sealed class SilentSink : IEngineSink
    {
        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
        }
    }

    private sealed class DetailSink : IEngineSink
    {
        public List<int>[] Tokens { get; } = [.. Enumerable.Range(0, Requests).Select(static _ => new List<int>())];

        public System.Text.StringBuilder[] Text { get; } = [.. Enumerable.Range(0, Requests).Select(static _ => new System.Text.StringBuilder())];

        public List<string>[] Logprobs { get; } = [.. Enumerable.Range(0, Requests).Select(static _ => new List<string>())];

        public int Ended { get; private set; }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            foreach (var output in outputs)
            {
                Tokens[output.Request.Id].Add(output.Token);
                Text[output.Request.Id].Append(output.Text);
                Ended += output.Finish == FinishReason.None ? 0 : 1;
                if (output.Logprobs is { } logprobs)
                {
                    Logprobs[output.Request.Id].Add($"{logprobs.Chosen:R} {string.Join(' ', logprobs.TopTokens)} {string.Join(' ', logprobs.TopLogprobs)}");
                }
            }
        }
    }
}
