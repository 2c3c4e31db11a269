using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>Templates with what Jinja2, set up as model hubs do, renders of them.</summary>
public sealed class TemplateCasesTests
{
    private static readonly JsonArray Cases =
        JsonNode.Parse(File.ReadAllText(TestFiles.Project("tests", "data", "chat-template-cases.json")))!.AsArray();

    public static TheoryData<string> Names => [.. Cases.Select(item => item!["name"]!.GetValue<string>())];

    [Fact]
    public void All_recorded_cases_are_there() => Assert.Equal(47, Cases.Count);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_case_renders_as_in_Jinja(string name)
    {
        var item = Cases.Single(item => item!["name"]!.GetValue<string>() == name)!;
        var variables = item["variables"]!.AsObject().ToDictionary(entry => entry.Key, entry => entry.Value);
        string Render() => ChatTemplate.Parse(item["template"]!.GetValue<string>()).Render(
            item["messages"]!.AsArray(),
            variables.GetValueOrDefault("tools")?.AsArray(),
            variables["add_generation_prompt"]!.GetValue<bool>(),
            variables,
            new FixedTime());
        if (item["output"] is { } output)
        {
            Assert.Equal(output.GetValue<string>(), Render());
        }
        else
        {
            var refusal = Assert.Throws<TemplateException>(Render);
            Assert.Equal(1, refusal.Line);
            Assert.NotEmpty(refusal.Construct);
        }
    }
}
