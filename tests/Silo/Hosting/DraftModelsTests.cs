using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Silo.Hosting;

/// <summary>Which models may guess for which.</summary>
public sealed class DraftModelsTests
{
    [Fact]
    public void A_model_may_guess_for_one_with_the_same_tokens()
    {
        using var draft = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        using var model = LanguageModel.Open(TestFiles.Shared("arch", "qwen3moe.gguf"));
        Assert.Null(DraftModels.Fault(draft, model));
    }

    [Fact]
    public void A_draft_with_other_tokens_is_refused_at_the_start_with_both_files_and_what_differs()
    {
        var draft = TestFiles.Shared("arch", "llama-spm.gguf");
        var serving = new ServingOptions { Model = TestFiles.TinyModel, Draft = draft };
        Assert.Empty(serving.Problems());
        var fault = Assert.Throws<StartException>(() => ModelFiles.Open(serving, new GrammarLimits()));
        Assert.Contains(draft, fault.Message, StringComparison.Ordinal);
        Assert.Contains(TestFiles.TinyModel, fault.Message, StringComparison.Ordinal);
        Assert.Matches("token [0-9]+ is '.+' there and '.+' here", fault.Message);
    }

    [Fact]
    public void Models_with_states_are_guessed_for_and_do_not_guess()
    {
        using var plain = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        using var states = LanguageModel.Open(TestFiles.Shared("arch", "qwen35.gguf"));
        Assert.Contains("give a model without", DraftModels.Fault(states, plain)!, StringComparison.Ordinal);
        Assert.Null(DraftModels.Fault(plain, states));
    }

    [Fact]
    public void The_catalogue_has_the_draft_and_lets_it_go()
    {
        var serving = new ServingOptions { Model = TestFiles.TinyModel, Draft = TestFiles.TinyModel };
        using var models = ModelFiles.Open(serving, new GrammarLimits());
        Assert.Equal(TestFiles.TinyModel, models.Draft!.Path);
        Assert.Single(models.All);
    }

    [Theory]
    [InlineData(100, 16_000, 1, 100)]
    [InlineData(100, 16_000, 4, 50)]
    [InlineData(100, 16_000, 0, 100)]
    [InlineData(100, 79, 1, 1)]
    [InlineData(0, 16_000, 1, 1)]
    public void Drafts_of_all_devices_together_have_an_eighth_of_the_memory_for_keys_and_values(int blocks, long available, int devices, int expected) =>
        Assert.Equal(expected, DraftModels.Blocks(blocks, blockBytes: 10, available, devices));

    [Fact]
    public void Weights_keys_and_values_of_all_devices_and_their_drafts_must_fit()
    {
        // 5000 and 200 blocks of 20 bytes; the draft has 100 and as many of 10, on two devices half as many for each.
        var device = new DraftModels.DeviceMemory(Weights: 5000, Blocks: 200, BlockBytes: 20);
        string? Fault(long available, params DraftModels.DeviceMemory[] devices) => DraftModels.MemoryFault("draft.gguf", weights: 100, blockBytes: 10, available, devices);
        Assert.Null(Fault(16_000, device));
        Assert.Null(Fault(11_100, device));
        Assert.NotNull(Fault(10_000, device));
        var fault = Fault(16_000, device, device)!;
        Assert.Contains("2 devices", fault, StringComparison.Ordinal);
        Assert.Contains("draft.gguf", fault, StringComparison.Ordinal);
        Assert.Null(Fault(32_000, device, device));
    }

    [Fact]
    public async Task A_device_with_a_draft_answers_as_without_and_counts_what_was_guessed()
    {
        var plain = await Serve(null);
        var guessed = await Serve(TestFiles.TinyModel);
        Assert.Equal(40, plain.Tokens.Count);
        Assert.Equal(plain.Tokens, guessed.Tokens);
        Assert.Equal(0, plain.Guesses.DraftGuessed);
        Assert.InRange(guessed.Guesses.DraftAccepted, 20, 39);
    }

    private static async Task<(List<int> Tokens, GuessCounts Guesses)> Serve(string? draft)
    {
        var serving = new ServingOptions { Model = TestFiles.TinyModel, Draft = draft, Threads = 1, KvBlocks = 64 };
        using var models = ModelFiles.Open(serving, new GrammarLimits());
        await using var services = new ServiceCollection().AddLogging().AddSingleton<ILocalSiloDetails>(new LocalSilo()).BuildServiceProvider();
        var plan = Assert.Single(Crescent.Silo.Hosting.Devices.Plans(serving, models));
        var served = plan.Model!;
        Assert.Null(plan.Check!(served));
        var sink = new EndSink();
        IInferenceEngine engine;
        using (var owned = plan.Open(services, sink, served))
        {
            engine = owned.Engine;
            engine.Submit(new InferenceRequest
            {
                Id = 1,
                Prompt = served.Model.Tokenizer.Encode("What is 23 + 48?", parseSpecial: false),
                MaxTokens = 40,
                IgnoreEndOfGeneration = true,
            });
            await sink.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }

        return (sink.Tokens, engine.Counters.Guesses);
    }
}
