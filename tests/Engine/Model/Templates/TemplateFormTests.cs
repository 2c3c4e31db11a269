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

    [Theory]
    [InlineData("{% for m in messages %}{{ m.role }}: {{ m.content | trim }}{% endfor %}", true)]
    [InlineData("{% for m in messages %}{{ m.role }}: {% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}", true)]
    [InlineData("{% for m in messages[-5:] %}{{ m.role }}: {{ m.content }}{% endfor %}", false)]
    [InlineData("{% for m in messages %}{{ m.role }}: {{ m.content[:1000] }}{% endfor %}", false)]
    [InlineData("{{ messages[0].content }}", false)]
    public void A_template_that_leaves_out_what_users_say_is_found_out(string source, bool keeps) =>
        Assert.Equal(keeps, new ChatPrompt(ChatTemplate.Parse(source), Tokenizers.Tiny).Form.KeepsUserText);

    private static JsonArray Read() => JsonNode.Parse(File.ReadAllText(TestFiles.Project("tests", "data", "chat-template-forms.json")))!.AsArray();
}
