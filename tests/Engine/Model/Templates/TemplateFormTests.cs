using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;
using Crescent.Tests.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>Templates get a conversation in the form in which they read it.</summary>
public sealed class TemplateFormTests
{
    public static TheoryData<string> Cases => [.. Read().Select(one => (string)one!["about"]!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_template_gets_the_form_that_it_wants(string about)
    {
        var one = Read().Single(one => (string)one!["about"]! == about)!;
        var messages = one["messages"]!.AsArray();
        var before = messages.ToJsonString();
        var tokenizer = Tokenizers.Tiny;
        var prompt = new ChatPrompt(ChatTemplate.Parse((string)one["template"]!), tokenizer);
        Assert.Equal((string)one["prompt"]!, tokenizer.Decode(prompt.Encode(messages), withSpecial: true));
        Assert.Equal(before, messages.ToJsonString());
    }

    [Fact]
    public void A_template_that_takes_nothing_is_used_as_it_is()
    {
        var form = new ChatPrompt(ChatTemplate.Parse("{{ raise_exception('never') }}"), Tokenizers.Tiny).Form;
        Assert.True(form is { KnowsSystem: true, KnowsTool: true, KnowsDeveloper: false, Thinking: null, TakesArgumentText: false, PartRoles.Count: 0 });
    }

    private static JsonArray Read() => JsonNode.Parse(File.ReadAllText(TestFiles.Project("tests", "data", "chat-template-forms.json")))!.AsArray();
}
