using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

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
    public void Models_with_states_neither_guess_nor_are_guessed_for()
    {
        using var plain = LanguageModel.Open(TestFiles.Shared("arch", "qwen3.gguf"));
        using var states = LanguageModel.Open(TestFiles.Shared("arch", "qwen35.gguf"));
        Assert.Contains("give a model without", DraftModels.Fault(states, plain)!, StringComparison.Ordinal);
        Assert.Contains("Leave it out", DraftModels.Fault(plain, states)!, StringComparison.Ordinal);
    }

    [Fact]
    public void The_catalogue_has_the_draft_and_lets_it_go()
    {
        var serving = new ServingOptions { Model = TestFiles.TinyModel, Draft = TestFiles.TinyModel };
        using var models = ModelFiles.Open(serving, new GrammarLimits());
        Assert.Equal(TestFiles.TinyModel, models.Draft!.Path);
        Assert.Single(models.All);
    }
}
