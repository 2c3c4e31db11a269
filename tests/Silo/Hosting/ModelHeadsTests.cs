using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Engine.Model;
using Crescent.Tests.Grains.Placement;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Silo.Hosting;

/// <summary>A device guesses with its model's own head for multi-token prediction where that is asked for.</summary>
public sealed class ModelHeadsTests
{
    [Fact]
    public async Task A_model_with_a_head_guesses_when_asked_to_and_answers_as_without()
    {
        using var model = HeadModels.Write(HeadModels.ThatIsRight(TestFiles.Shared("arch", "qwen35.gguf")));
        var (plain, without) = await Serve(new ServingOptions { Model = model.Path });
        var (guessed, use) = await Serve(new ServingOptions { Model = model.Path, Draft = "head" });
        Assert.Equal(40, plain.Tokens.Count);
        Assert.Equal(plain.Tokens, guessed.Tokens);
        Assert.Equal((0L, (DraftUse?)null), (plain.Guesses.DraftGuessed, without));
        Assert.InRange(guessed.Guesses.DraftAccepted, 20, 39);
        Assert.Equal(("qwen35 head", 64), (use!.Value.Model, use.Value.TotalBlocks));

        // With as many guesses as are asked for.
        var (named, _) = await Serve(new ServingOptions { Model = model.Path, Draft = "head", DraftTokens = 2 });
        Assert.Equal(plain.Tokens, named.Tokens);
        Assert.InRange(named.Guesses.DraftAccepted, 20, 26);
    }

    [Fact]
    public async Task A_model_without_a_head_guesses_nothing_and_is_refused_where_one_is_asked_for()
    {
        var (plain, use) = await Serve(new ServingOptions { Model = TestFiles.TinyModel });
        Assert.Equal((0L, (DraftUse?)null), (plain.Guesses.DraftGuessed, use));
        var serving = new ServingOptions { Model = TestFiles.TinyModel, Draft = "head" };
        Assert.Empty(serving.Problems());
        var fault = Assert.Throws<StartException>(() => ModelFiles.Open(serving, new GrammarLimits()));
        Assert.Contains(TestFiles.TinyModel, fault.Message, StringComparison.Ordinal);
        Assert.Contains("no head", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_whose_head_is_broken_is_served_and_the_head_refused_with_what_is_wrong()
    {
        using var written = HeadModels.Write(HeadModels.WithHead(TestFiles.Shared("arch", "qwen35.gguf")).Remove("blk.4.nextn.enorm.weight"));
        using (ModelFiles.Open(new ServingOptions { Model = written.Path }, new GrammarLimits()))
        {
        }

        var fault = Assert.Throws<StartException>(() => ModelFiles.Open(new ServingOptions { Model = written.Path, Draft = "head" }, new GrammarLimits()));
        Assert.Contains("blk.4.nextn.enorm.weight", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulated_devices_refuse_a_head_where_it_is_asked_for()
    {
        var serving = new ServingOptions { Devices = "sim:h100-sxm*2", Draft = "head" };
        Assert.Contains(serving.Problems(), static problem => problem.Contains("'head'", StringComparison.Ordinal) && problem.Contains("simulated", StringComparison.Ordinal));
    }

    [Fact]
    public void A_model_that_is_loaded_later_must_have_a_head_too_where_one_is_asked_for()
    {
        using var written = HeadModels.Write(HeadModels.WithHead(TestFiles.Shared("arch", "qwen35.gguf")));
        var serving = new ServingOptions { Model = written.Path, Models = TestFiles.TinyModel, Draft = "head", Threads = 1, KvBlocks = 64 };
        using var models = ModelFiles.Open(serving, new GrammarLimits());
        var plan = Assert.Single(Crescent.Silo.Hosting.Devices.Plans(serving, models));
        Assert.Null(plan.Check!(models.All[0]));
        Assert.Contains("no head", plan.Check(models.All[1])!, StringComparison.Ordinal);
    }

    private static async Task<((List<int> Tokens, GuessCounts Guesses) Answer, DraftUse? Use)> Serve(ServingOptions serving)
    {
        (serving.Threads, serving.KvBlocks) = (1, 64);
        Assert.Empty(serving.Problems());
        using var models = ModelFiles.Open(serving, new GrammarLimits());
        await using var services = new ServiceCollection().AddLogging().AddSingleton<ILocalSiloDetails>(new LocalSilo()).BuildServiceProvider();
        var plan = Assert.Single(Crescent.Silo.Hosting.Devices.Plans(serving, models));
        var served = plan.Model!;
        Assert.Null(plan.Check!(served));
        var sink = new EndSink();
        using var owned = plan.Open(services, sink, served);
        owned.Engine.Submit(new InferenceRequest
        {
            Id = 1,
            Prompt = served.Model.Tokenizer.Encode("What is 23 + 48?", parseSpecial: false),
            MaxTokens = 40,
            IgnoreEndOfGeneration = true,
        });
        await sink.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return ((sink.Tokens, owned.Engine.Counters.Guesses), owned.Engine.State.Draft);
    }
}
