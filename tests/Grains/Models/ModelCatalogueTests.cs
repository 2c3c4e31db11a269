using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Models;

namespace Crescent.Tests.Grains.Models;

public sealed class ModelCatalogueTests : IDisposable
{
    private readonly LanguageModel _file = LanguageModel.Open(TestFiles.TinyModel);

    public void Dispose() => _file.Dispose();

    [Fact]
    public void A_model_is_found_by_its_id_its_name_and_aliases_of_aliases_in_any_case()
    {
        var models = new ModelCatalogue([Served("Big One"), Served("Small One")], [new("gpt", "small one"), new("o3", "GPT")]);
        Assert.Equal(["big-one", "small-one"], models.All.Select(static model => model.Id));
        Assert.Same(models.All[0], models.Find(null));
        foreach (var name in new[] { "small-one", "SMALL ONE", "gpt", "O3" })
        {
            Assert.Same(models.All[1], models.Find(name));
        }

        Assert.Null(models.Find("nobody"));
        Assert.Equal("'big-one', 'small-one'", models.Names);
        Assert.Equal(("small-one", "other"), (models.IdOf("Small One"), models.IdOf("other")));
    }

    [Fact]
    public void An_id_or_a_name_goes_before_what_another_model_is_called_besides()
    {
        // Both are called by the name of the file that they are made of.
        var models = new ModelCatalogue([Served("first"), Served("Crescent Tiny")]);
        Assert.Same(models.All[1], models.Find("crescent-tiny"));
        Assert.Same(models.All[1], models.Find("Crescent Tiny"));
        Assert.Same(models.All[0], models.Find("crescent-tiny.Q8_0.gguf"));
    }

    [Theory]
    [InlineData("small-one", "big-one", "is a name of the model 'small-one'")]
    [InlineData("gpt", "nobody", "there are 'big-one', 'small-one'")]
    public void An_alias_that_hides_a_model_or_stands_for_none_is_refused(string alias, string name, string told) =>
        Assert.Contains(told, Assert.Throws<ArgumentException>(() => new ModelCatalogue([Served("Big One"), Served("Small One")], [new(alias, name)])).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_models_of_one_name_are_refused() =>
        Assert.Contains("'one'", Assert.Throws<ArgumentException>(() => new ModelCatalogue([Served("one"), Served("One")])).Message, StringComparison.Ordinal);

    private ServedModel Served(string name) => new(_file, new GrammarCache(_file.Tokenizer), DateTimeOffset.UnixEpoch, name);
}
